// A small service that meets one fault, named by the first argument, and logs in the style of the second.
const fs = require("fs");
const net = require("net");
const http = require("http");
const https = require("https");
const dns = require("dns");
const path = require("path");

const PORT = Number(process.env.PEER_PORT || 0);
const DISK = process.env.DISK || "/nonexistent";
const SCHEME = process.env.PEER_SCHEME || "http";
const [name, style] = process.argv.slice(2);

const get = (client) =>
  new Promise((resolve, reject) => client.get({ host: "localhost", port: PORT, path: "/orders", family: 4 }, resolve).on("error", reject));

const work = {
  heap: () => { const rows = []; for (;;) rows.push({ id: rows.length, note: "order " + rows.length }); },
  buffer: () => Buffer.alloc(2 ** 40),
  stringTooLong: () => "x".repeat(2 ** 30),
  worker: () => new Promise((_, reject) => new (require("worker_threads").Worker)("const a=[];for(;;)a.push(new Array(9999).fill(1))", { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } }).on("error", reject)),
  nothing: () => { let order; return order.total; },
  notFunction: () => ({}).save(),
  reference: () => undefinedVariable + 1,
  rejection: () => { Promise.reject(new Error("payment was not stored")); },
  rejectionNothing: () => { Promise.reject(undefined); },
  emitter: () => new (require("events"))().emit("error", new Error("stream ended early")),
  assertion: () => require("assert").strictEqual(-4 >= 0, true, "stock must not be negative"),
  recursion: function again() { again(); },
  abort: () => process.abort(),
  range: () => new Array(-1),
  json: () => JSON.parse("<html>502 Bad Gateway</html>".slice(6, 6)),
  uri: () => decodeURIComponent("%E0%A4%A"),
  argument: () => fs.readFileSync({ path: 1 }),
  refused: () => get(http),
  connect: () => new Promise((_, reject) => net.connect(PORT, "127.0.0.1").on("error", reject)),
  fetch: () => fetch(`${SCHEME}://localhost:${PORT}/orders`, { signal: AbortSignal.timeout(1500) }),
  secure: () => get(https),
  resolve: () => new Promise((_, reject) => http.get("http://inventory.shop.example/stock").on("error", reject)),
  lookup: () => dns.promises.resolve4("payments.shop.example"),
  fetchResolve: () => fetch("http://orders.shop.example/"),
  slow: () => fetch(`http://127.0.0.1:${PORT}/`, { signal: AbortSignal.timeout(400) }),
  socketTimeout: () => new Promise((_, reject) => http.get({ host: "127.0.0.1", port: PORT, timeout: 300 }).on("timeout", function () { this.destroy(Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" })); }).on("error", reject)),
  bind: () => new Promise((_, reject) => http.createServer().on("error", reject).listen(PORT, "127.0.0.1")),
  write: () => fs.writeFileSync(path.join(DISK, "orders.json"), Buffer.alloc(4 << 20)),
  append: () => fs.promises.appendFile(path.join(DISK, "audit.log"), Buffer.alloc(4 << 20)),
  mkdir: () => fs.mkdirSync(path.join(DISK, "uploads")),
  stream: () => new Promise((_, reject) => fs.createWriteStream(path.join(DISK, "export.csv")).on("error", reject).end(Buffer.alloc(4 << 20))),
  config: () => JSON.parse('{ "port": 8080, "workers": }'),
  missing: () => fs.readFileSync("/etc/orders/config.json", "utf8"),
  url: () => new URL(process.env.DATABASE_URL),
  port: () => http.createServer().listen(Number("80800")),
  module: () => require("express-missing"),
  relative: () => require("./routes/orders"),
  spawn: () => new Promise((_, reject) => require("child_process").spawn("ffmpeg-missing").on("error", reject)),
  key: () => https.createServer({ key: "-----BEGIN", cert: "nothing" }),
  permission: () => { process.setgid(65534); process.setuid(65534); return fs.readFileSync("/etc/shadow"); },
  unsettled: () => new Promise(() => {}),
  child: () => require("child_process").execFileSync("sleep", ["5"], { timeout: 200 }),
  calm: () => calm(),
};

async function calm() {
  const server = http.createServer((request, response) => {
    console.log(`${request.method} ${request.url} ${(response.statusCode = request.url === "/healthz" ? 200 : 404)}`);
    response.end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  console.log(`listening on port ${server.address().port}`);
  for (const target of ["/healthz", "/favicon.ico", "/errors"]) await fetch(`http://127.0.0.1:${server.address().port}${target}`);
  const memory = process.memoryUsage();
  console.log(`heap used ${Math.round(memory.heapUsed / 2 ** 20)} MB of ${Math.round(memory.heapTotal / 2 ** 20)} MB`);
  console.log(`0 unhandled rejections, 0 errors, uptime ${process.uptime().toFixed(2)}s`);
  new Buffer(4);
  process.emitWarning("the option 'retries' is deprecated", "DeprecationWarning");
  await new Promise((done) => server.close(done));
  process.once("SIGTERM", () => console.log("SIGTERM received, closing 0 connections, exit 0"));
  process.kill(process.pid, "SIGTERM");
  await new Promise((done) => setTimeout(done, 100));
}

const info = (text) => (style === "json" ? console.log(JSON.stringify({ level: 30, time: Date.now(), msg: text })) : console.log(`[${new Date().toISOString()}] INFO ${text}`));

async function main() {
  if (style === "raw") return work[name]();
  info(`starting, node ${process.version}`);
  try {
    await work[name]();
  } catch (error) {
    if (style === "json") console.error(JSON.stringify({ level: 50, time: Date.now(), msg: error.message, code: error.code, err: { type: error.name, cause: String(error.cause || "") } }));
    else if (style === "short") console.error(`[${new Date().toISOString()}] ERROR ${error}${error.cause ? ` (${error.cause})` : ""}`);
    else console.error(error);
    process.exitCode = 1;
  }
}

if (style === "sync") work[name]();
else main();
