/**
 * startCpuWatch returns a function that tells the milliseconds of processor time which this process used since then. Unlike
 * the clock's, they do not grow when others use the machine.
 */
export function startCpuWatch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}
