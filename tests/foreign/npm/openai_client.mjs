// What OpenAI's own client makes of a server, as a line of JSON.
//
//   node openai_client.mjs URL '{"how": "whole", "key": "…", "retries": 0, "prompt": "hello"}'
import OpenAI from "openai";

const [url, argument] = process.argv.slice(2);
const asked = JSON.parse(argument);
const { completions } = new OpenAI({
  baseURL: url,
  apiKey: asked.key,
  maxRetries: asked.retries,
}).chat;
const request = { model: "haiku", messages: [{ role: "user", content: asked.prompt }] };

function told(completion) {
  const [{ message, finish_reason }] = completion.choices;
  return { text: message.content, finish: finish_reason, tokens: completion.usage.completion_tokens };
}

// A tool that the client calls itself, and tells the model of.
async function withTool(options) {
  const heard = [];
  const weather = {
    name: "weather",
    description: "how it is",
    parameters: { type: "object", properties: { city: { type: "string" } } },
    parse: JSON.parse,
    function: (given) => {
      heard.push(given);
      return "rain";
    },
  };
  const tools = [{ type: "function", function: weather }];
  const runner = completions.runTools({ ...request, ...options, tools });
  return { ...told(await runner.finalChatCompletion()), heard };
}

const ways = {
  whole: async () => told(await completions.create(request)),
  streamed: async () => {
    const stream = completions.stream({ ...request, stream_options: { include_usage: true } });
    const pieces = [];
    stream.on("content", (piece) => pieces.push(piece));
    return { ...told(await stream.finalChatCompletion()), pieces };
  },
  tool: () => withTool({}),
  tool_streamed: () => withTool({ stream: true, stream_options: { include_usage: true } }),
};

function failed(error) {
  const ms = error.headers?.get("retry-after-ms");
  return { error: error.constructor.name, status: error.status, says: error.message, retry: ms };
}

console.log(JSON.stringify(await ways[asked.how]().catch(failed)));
