const MARKUP = [
  "<script>window.hacked = true</script>",
  "<img src=x onerror='window.hacked = true'>",
  "<svg onload=window.hacked=true>",
  "<iframe src=javascript:parent.hacked=true></iframe>",
  "</div></main></body><h1>gone</h1>",
  "<style>* { display: none !important }</style>",
  "<a href=javascript:hacked=true>click</a>",
  "{{constructor.constructor('hacked=true')()}}",
  "${window.hacked = true}",
  "javascript:window.hacked=true",
  "<!-- --!> <base href=//evil.example>",
  "&lt;b&gt; &amp; &#x3C;script&#x3E;",
  "<math><mtext></mtext><mglyph><style></math><img src onerror=hacked=true></style>",
  "'-alert(1)-'",
  '" onmouseover="window.hacked=true',
  "</textarea></title></script><script>hacked=true</script>",
  "<template><script>hacked=true</script></template>",
  "<details open ontoggle=window.hacked=true>",
  "data:text/html,<script>hacked=true</script>",
  "<object data=//evil.example></object><embed src=//evil.example>",
  "<form action=//evil.example><input name=q autofocus>",
  "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "<link rel=stylesheet href=//evil.example/x.css>",
];

const CONTROL = [
  ...Array.from({ length: 32 }, (_, code) => `control ${code} ${String.fromCharCode(code)} here`),
  ...["\u007f", "\u0080", "\u0085", "\u009b31m", "\u009f"].map((character) => `high control ${character} here`),
];

const ANSI = [
  "\u001b[31mred\u001b[0m",
  "\u001b[2J\u001b[H cleared",
  "\u001b]0;title\u0007",
  "\u001b]8;;javascript:hacked=true\u0007link\u001b]8;;\u0007",
  "\u001b[38;5;999999m colour",
  "\u001b[99999999999999999999m",
  "\u001b[31;42;1;3;4;7;8;9mall of it",
  "\u001bc\u001b(0 reset",
  `${"\u001b[31m".repeat(5_000)}deep`,
  "\u001b[",
];

const DIRECTION = [..."\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"].map(
  (character) => `user ${character}nimda ${character} logged in`,
);

const WIDTH = ["\u200b", "\u200c\u200d", "\ufeff", "\u2060", "\u00ad", "\u2028", "\u2029", "\u{e0041}\u{e007f}"].map(
  (character) => `in${character}visible`,
);

const LONG = [
  `e${"\u0301".repeat(10_000)}`,
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(500),
  "W".repeat(100_000),
  "a ".repeat(50_000),
  "\n".repeat(5_000),
  "\t".repeat(5_000),
  "\u0e47".repeat(3_000),
  "\ufdfd".repeat(300),
  `${"[".repeat(20_000)}`,
  `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`,
  '{"__proto__":{"hacked":true},"constructor":{"prototype":{"hacked":true}}}',
  "\ud800 half a pair",
  "ﷺ ".repeat(2_000),
];

/** HOSTILE_MESSAGES are texts that break pages which take logs for anything but text. */
export const HOSTILE_MESSAGES: readonly string[] = [...MARKUP, ...CONTROL, ...ANSI, ...DIRECTION, ...WIDTH, ...LONG];
