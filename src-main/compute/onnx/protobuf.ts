/** Writes protocol buffers (proto3 wire format): one writer per message, bytes are copied once, at the end. */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = []
  length = 0

  /** An integer field; negative ones take ten bytes, as int64 does. */
  int(field: number, value: number | bigint): this {
    return this.#varint(field << 3).#varint(value)
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    return this.#varint((field << 3) | 5).#push(new Uint8Array(Float32Array.of(value).buffer))
  }

  string(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value))
  }

  /** A length-delimited field; `value` is kept, not copied, until `finish`. */
  bytes(field: number, value: Uint8Array): this {
    return this.#varint((field << 3) | 2)
      .#varint(value.length)
      .#push(value)
  }

  /** A nested message. */
  message(field: number, message: ProtoWriter): this {
    this.#varint((field << 3) | 2).#varint(message.length)
    for (const chunk of message.#chunks) this.#push(chunk)
    return this
  }

  /** The message's bytes. */
  finish(): Uint8Array {
    const result = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.#chunks) {
      result.set(chunk, at)
      at += chunk.length
    }
    return result
  }

  #varint(value: number | bigint): this {
    const bytes: number[] = []
    if (typeof value === 'number' && value >= 0 && value < 0x80) return this.#push(Uint8Array.of(value))
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    return this.#push(Uint8Array.from(bytes))
  }

  #push(chunk: Uint8Array): this {
    this.#chunks.push(chunk)
    this.length += chunk.length
    return this
  }
}

const utf8 = new TextEncoder()
