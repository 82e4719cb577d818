// One turn of hob, with nothing but Node's own modules.
//
//   node --experimental-strip-types turn.ts SOCKET "What is 17 * 23?"     (Node 22.6 or later; 22.18 and 23.6 need no flag)
//
// Every method that is used here, with its parameters, is in the answer to {"method": "rpc.discover"}.
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

type Json = any;
const [path, text] = process.argv.slice(2);
if (!path || !text) {
  console.error('usage: turn.ts SOCKET "What is 17 * 23?"');
  process.exit(2);
}

function fail(why: string): never {
  console.error("turn.ts: " + why);
  process.exit(1);
}

const socket = createConnection(path);
const waiting = new Map<number, { resolve: (result: Json) => void; reject: (error: Error) => void }>();
let lastId = 0;

function call(method: string, params: Json): Promise<Json> {
  const id = ++lastId;
  socket.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function onEvent(event: Json): void {
  const { type, data } = event;
  if (type === "item.delta" && data.kind === "agent_message") process.stdout.write(data.text);
  if (type === "item.completed" && data.kind === "tool_call") console.log("  >", data.name, data.arguments);
  if (type === "turn.completed") {
    console.log();
    if (data.status !== "completed") fail(data.error?.message ?? data.status);
    process.exit(0);
  }
}

socket.on("close", () => fail("the daemon closed the connection"));
const lines = createInterface({ input: socket });
lines.on("error", (error: Error) => fail(error.message + " (is the daemon running? hob daemon start)"));
lines.on("line", (line: string) => {
  const message = JSON.parse(line);
  if (message.method === "event") return onEvent(message.params);
  const asked = message.method ? undefined : waiting.get(message.id);
  waiting.delete(message.id);
  if (message.error) asked?.reject(new Error(message.error.message));
  else asked?.resolve(message.result);
});

try {
  const { sessionId } = await call("session/new", { cwd: process.cwd(), mcpServers: [] });
  await call("events/subscribe", { sessionIds: [sessionId] });
  // Nobody is here to answer questions, so what would ask is denied.
  await call("turn/start", { sessionId, input: [{ type: "text", text }], onAsk: "deny" });
} catch (error) {
  fail((error as Error).message);
}
