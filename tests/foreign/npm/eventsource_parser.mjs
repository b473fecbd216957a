// What eventsource-parser makes of streams, each under every one and two cuts of its bytes. Reads
// lines of JSON, {"name": "…", "bytes": [100, …]}, and prints one for each:
// {"name": "…", "outcomes": [{"events": […], "retry": null}]}, with each outcome once.
import { createInterface } from "node:readline";
import { createParser } from "eventsource-parser";

function outcome(pieces) {
  const events = [];
  let retry = null;
  let last = ""; // an event has the id of its own lines: to keep the last one is left to the user
  const parser = createParser({
    onEvent: ({ event, data, id }) => {
      last = id ?? last;
      events.push({ type: event ?? "message", data, id: last });
    },
    onRetry: (ms) => (retry = ms),
  });
  const decoder = new TextDecoder(); // which takes the byte order mark off
  for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }));
  return { events, retry };
}

function outcomes(bytes) {
  const found = new Map();
  for (let a = 0; a <= bytes.length; ++a) {
    for (let b = a; b <= bytes.length; ++b) {
      const came = outcome([bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)]);
      const key = JSON.stringify(came);
      found.set(key, came);
    }
  }
  return [...found.values()];
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, bytes } = JSON.parse(line);
  console.log(JSON.stringify({ name, outcomes: outcomes(Uint8Array.from(bytes)) }));
}
