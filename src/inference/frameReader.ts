import type { Socket } from 'node:net';
import { AbstractMessageReader } from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable, Message } from 'vscode-jsonrpc/node';

/** Longest header block: one Content-Length line and perhaps a Content-Type. */
const MAX_HEADER_BYTES = 256;
/** The largest honest request is a chat: system text, turns and prefill of 400,000 UTF-16 units each, at most 6 bytes a unit. */
const MAX_BODY_BYTES = 8 * 1_048_576;
const HEADER_END = Buffer.from('\r\n\r\n');
const LENGTH_LINE = /^content-length: *(\d{1,8})$/i;

/**
 * Reads `Content-Length` frames as vscode-jsonrpc writes them, but never buffers more than one honest message:
 * a longer or malformed frame is an error, after which nothing more is read.
 */
export class FrameReader extends AbstractMessageReader {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes of the body that is being read; null while reading a header. */
  #bodyBytes: number | null = null;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => {
      try {
        this.#chunks.push(chunk);
        this.#buffered += chunk.length;
        for (let message = this.#next(); message !== null; message = this.#next()) callback(message);
      } catch (error) {
        this.#socket.off('data', onData);
        this.#chunks = [];
        this.fireError(error);
      }
    };
    this.#socket.on('data', onData);
    this.#socket.on('close', () => this.fireClose());
    return { dispose: () => this.#socket.off('data', onData) };
  }

  #next(): Message | null {
    if (this.#bodyBytes === null) {
      const buffer = this.#peek();
      const end = buffer.indexOf(HEADER_END);
      if (end > MAX_HEADER_BYTES || (end < 0 && buffer.length > MAX_HEADER_BYTES)) {
        throw new RangeError('The message header is too long.');
      }
      if (end < 0) return null;
      this.#bodyBytes = bodyBytes(buffer.toString('latin1', 0, end));
      this.#drop(end + HEADER_END.length);
    }
    if (this.#buffered < this.#bodyBytes) return null;
    const body = this.#peek().subarray(0, this.#bodyBytes);
    this.#drop(this.#bodyBytes);
    this.#bodyBytes = null;
    return messageOf(JSON.parse(body.toString('utf8')));
  }

  #peek(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #drop(bytes: number): void {
    this.#chunks = [this.#peek().subarray(bytes)];
    this.#buffered -= bytes;
  }
}

function bodyBytes(header: string): number {
  for (const line of header.split('\r\n')) {
    const bytes = Number(LENGTH_LINE.exec(line)?.[1]);
    if (bytes > MAX_BODY_BYTES) throw new RangeError('The message is too long.');
    if (!Number.isNaN(bytes)) return bytes;
  }
  throw new SyntaxError('The message header has no Content-Length.');
}

function messageOf(value: unknown): Message {
  if (typeof value === 'object' && value !== null && 'jsonrpc' in value && value.jsonrpc === '2.0') {
    return { ...value, jsonrpc: value.jsonrpc };
  }
  throw new SyntaxError('The message is not JSON-RPC 2.0.');
}
