/** The same bytes with one bit turned; `bit`: 0 is the lowest of the first byte. */
export function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << (bit % 8)), at)
  return copy
}

/** Of a header's value or a URL, a byte a character, as node reads them. */
export function flippedText(text: string, bit: number): string {
  return flipped(Buffer.from(text, 'latin1'), bit).toString('latin1')
}

/** The numbers of all its bits. */
export function bitsOf({ length }: { length: number }): number[] {
  return Array.from({ length: length * 8 }, (_, bit) => bit)
}
