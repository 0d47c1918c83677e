// Answers stdin, a JSON list of {tex, display}, on stdout with a JSON list of
// {svg, width, height, depth} or {error}; lengths are in em. The arguments are
// the folder of the front-end packages, and the macros, as KaTeX takes them:
// {"\\name": "definition with #1"}.
const [, , packages, definitions] = process.argv;
const load = require("node:module").createRequire(packages + "/.");
console.log = console.error; // stdout is for the answer
const MathJax = load("mathjax");

const macros = Object.fromEntries(
  Object.entries(JSON.parse(definitions)).map(([name, body]) => {
    const found = [...body.matchAll(/#(\d)/g)].map((match) => +match[1]);
    const count = Math.max(0, ...found);
    return [name.slice(1), count ? [body, count] : body];
  }));

const config = {
  // One part after the other; with import(), as MathJax does it by itself, one
  // start in thirty fails, since a part may come before what it builds on.
  loader: { require: load,
            load: ["input/tex", "output/svg", "[tex]/boldsymbol",
                   "[tex]/cancel", "[tex]/color", "[tex]/mathtools"] },
  tex: {
    // Without the two packages that would print an error in the formula.
    packages: { "[+]": ["boldsymbol", "cancel", "color", "mathtools"],
                "[-]": ["noerrors", "noundefined"] },
    formatError: (jax, error) => { throw error; },
    macros },
  svg: { fontCache: "local" },
  output: { linebreaks: { inline: false } },
};

// What MathJax leaves to a style sheet, as attributes; and the same names in
// every drawing, wherever in a batch it was made.
const written = [
  [/ data-(line|frame)="[^"]*"/g, ' stroke-width="70" fill="none"'],
  [/ class="mjx-dashed"/g, ' stroke-dasharray="140"'],
  [/ class="mjx-dotted"/g, ' stroke-linecap="round" stroke-dasharray="0,140"'],
  [/ (data-[\w-]+|class)="[^"]*"/g, ""],
  [/MJX-\d+-/g, "MJX-"],
  [/currentColor/g, "#1f2328"],
];

function standalone(html) {
  const svg = html.slice(html.indexOf("<svg"), html.lastIndexOf("</svg>") + 6);
  return written.reduce((text, [from, to]) => text.replace(from, to), svg);
}

async function render({ tex, display }) {
  try {
    MathJax.texReset(); // what one formula defines is no matter of another
    // The promise also waits for the parts of the font a formula needs.
    const node = await MathJax.tex2svgPromise(tex, { display });
    const html = MathJax.startup.adaptor.outerHTML(node);
    if (html.includes("data-mjx-error")) return { error: "wrong formula" };
    const svg = standalone(html);
    const strange = /<text[^>]*>([^<]*)/.exec(svg);
    if (strange) return { error: `its font has no ${strange[1]}` };
    const box = /viewBox="([^"]*)"/.exec(svg)[1].split(" ").map(Number);
    return { svg, width: box[2] / 1000, height: box[3] / 1000,
             depth: (box[1] + box[3]) / 1000 };
  } catch (error) {
    return { error: error.message };
  }
}

async function main() {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  await MathJax.init(config);
  if (!MathJax.tex2svgPromise) throw new Error("MathJax did not start");
  const answers = [];
  for (const formula of JSON.parse(input)) answers.push(await render(formula));
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => { console.error(error.message); process.exit(1); });
