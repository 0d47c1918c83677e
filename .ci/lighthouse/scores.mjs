// Lighthouse's scores of a built site on a phone: node scores.mjs SITE [PAGE ...]
// Fails when a score is lower than in LEAST. The speed is the best of three runs.
import {readFile, readdir} from "node:fs/promises"
import {createServer} from "node:http"
import {extname, join, normalize} from "node:path"
import {gzipSync} from "node:zlib"
import {launch} from "chrome-launcher"
import lighthouse from "lighthouse"

const LEAST = {performance: 0.95, accessibility: 1, "best-practices": 1, seo: 1}
const TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png",
  ".json": "application/json", ".woff2": "font/woff2", ".txt": "text/plain", ".xml": "text/xml"}
const [site, ...named] = process.argv.slice(2)

const server = createServer(async (request, answer) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)).replace(/\/$/, "/index.html")
  try {
    const content = await readFile(join(site, path))
    const type = TYPES[extname(path)] ?? "application/octet-stream"
    const packed = /text|json|svg|javascript/.test(type)
    answer.writeHead(200, {"content-type": type, "cache-control": "max-age=86400", ...(packed && {"content-encoding": "gzip"})})
    answer.end(packed ? gzipSync(content) : content)
  } catch {
    answer.writeHead(404).end()
  }
}).listen(0, "127.0.0.1")
await new Promise(ready => server.on("listening", ready))

// The front page, and the first page of each chapter.
const folders = (await readdir(site, {withFileTypes: true})).filter(entry => entry.isDirectory()).map(entry => `${entry.name}/index.html`)
const pages = named.length ? named : ["index.html"]
for (const page of named.length ? [] : folders) if (await readFile(join(site, page)).then(() => true, () => false)) pages.push(page)

const browser = await launch({chromeFlags: ["--headless=new", "--no-sandbox"]})
let low = 0
for (const page of pages) {
  const best = {}
  for (let run = 0; run < 3; run++) {
    const {lhr} = await lighthouse(`http://127.0.0.1:${server.address().port}/${page}`, {port: browser.port, logLevel: "silent"})
    for (const name in LEAST) {
      if (run && name !== "performance") continue
      best[name] = Math.max(best[name] ?? 0, lhr.categories[name].score ?? 0)
      if (lhr.categories[name].score < LEAST[name] && name !== "performance")
        for (const {id} of lhr.categories[name].auditRefs) {
          const {score, scoreDisplayMode, title} = lhr.audits[id]
          if (score !== null && score < 1 && scoreDisplayMode === "binary") console.log(`${page}: ${name}: ${title}`)
        }
    }
    if (best.performance >= LEAST.performance) break
  }
  low += Object.keys(LEAST).filter(name => best[name] < LEAST[name]).length
  console.log(page.padEnd(40), Object.keys(LEAST).map(name => `${name} ${best[name].toFixed(2)}`).join("  "))
}
await browser.kill()
server.close()
if (low) {
  console.log(`${low} scores are lower than ${JSON.stringify(LEAST)}`)
  process.exitCode = 1
}
