export const mainHelp = `Gemma Code in a terminal

  complete FILE:LINE:COL   what the editor would suggest at a cursor
  chat [QUESTION]          the model's answer; in a terminal a conversation
  import DIR               convert a Hugging Face checkpoint for the engine
  logits                   logits of the position after some tokens
  models COMMAND           list, get, import, rm: the installed models; bench: how fast this machine is

Each command explains itself with --help.
`;

/** Options that every command with a model has. */
const modelOptions = `  --model MODEL          an installed model (see models list), or a checkpoint or imported folder; default: the
                         embedded model
  --backend NAME         auto, webgpu, native or wasm; default: auto
  --home DIR             where imported models and the log are kept
`;

export const completeHelp = `complete FILE:LINE:COL [options]

LINE and COL are 1-based; COL counts UTF-16 units left of the cursor, plus one.

  --json                 one JSON object on stdout and nothing else
${modelOptions}`;

export const chatHelp = `chat [QUESTION] --model DIR [options]

Without QUESTION it is read from the standard input, or line by line from a terminal. Ctrl+C stops an answer, and
when none is being written it ends the conversation.

  --system TEXT          what the model is told before anything else
${modelOptions}`;

export const importHelp = `import DIR --out DIR [options]

  --out DIR              folder to write the imported model to
  --quantization NAME    q4 (native), q8 (WebAssembly) or f32; default: q4
  --home DIR             where the log is kept
`;

export const logitsHelp = `logits --tokens ID,ID,... [options]

  --tokens ID,ID,...     the sequence, from position 0; no token is added
  --quantization NAME    how to import a checkpoint: q4, q8 or f32; default: what suits the backend
  --json                 backend, quantization and all logits as one JSON object
${modelOptions}`;

export const modelsHelp = `models COMMAND [options]

  list                   what is installed, what is on its way, what there is, and what suits this machine
  get MODEL              download a model of the catalogue, or any repository as OWNER/NAME; goes on where it was.
                         Ctrl+C pauses
  import DIR             install a Hugging Face checkpoint from the disk, or from an existing cache
  rm MODEL               remove an installed model, or what there is of a download
  bench                  measure this machine in some seconds, and say what to expect of each model

  --quantization NAME    of get and import: q4 (native, GPU), q8 (WebAssembly) or f32; default: what suits this machine
  --endpoint URL         of get: a mirror of the hub; default: HF_ENDPOINT, or https://huggingface.co
  --token-file FILE      of get: holds a token of the hub, for models with a licence to accept; default: HF_TOKEN
  --backend NAME         of bench: auto, webgpu, native or wasm; default: auto, all that are worth it
  --json                 of list and bench: one JSON object on stdout and nothing else
  --home DIR             where models and the log are kept

Exit codes: 0 done, 2 the command itself is wrong, 130 ended or paused by Ctrl+C, 1 anything else.
`;
