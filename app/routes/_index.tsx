export default function Index() {
  return <h1>Akavelog</h1>;
}
