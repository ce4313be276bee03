/**
 * SHA-512, needed only to check Ed25519 signatures, so plainness goes before speed.
 * Its constants are computed from their definition: fractional bits of the roots of the first primes.
 * Source: FIPS 180-4.
 */
const WORD = 64
const BLOCK = 128
const PRIMES = firstPrimes(80)
const K = PRIMES.map((prime) => fractionOfRoot(prime, 3n))
const START = PRIMES.slice(0, 8).map((prime) => fractionOfRoot(prime, 2n))

export function sha512(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((bytes.length + 17) / BLOCK) * BLOCK)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n)
  let state = START
  for (let at = 0; at < padded.length; at += BLOCK) state = compress(state, view, at)
  const out = new DataView(new ArrayBuffer(64))
  for (const [i, word] of state.entries()) out.setBigUint64(8 * i, word)
  return new Uint8Array(out.buffer)
}

function compress(state: readonly bigint[], view: DataView, at: number): bigint[] {
  const w = Array.from({ length: 16 }, (_, i) => view.getBigUint64(at + 8 * i))
  for (let i = 16; i < 80; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = rotate(x, 1n) ^ rotate(x, 8n) ^ (x >> 7n)
    const s1 = rotate(y, 19n) ^ rotate(y, 61n) ^ (y >> 6n)
    w.push(BigInt.asUintN(WORD, w[i - 16]! + s0 + w[i - 7]! + s1))
  }
  let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
  for (let i = 0; i < 80; i++) {
    const big1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n)
    const t1 = h + big1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!
    const big0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)
    const t2 = big0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = BigInt.asUintN(WORD, d + t1)
    d = c
    c = b
    b = a
    a = BigInt.asUintN(WORD, t1 + t2)
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => BigInt.asUintN(WORD, word + state[i]!))
}

function rotate(word: bigint, by: bigint): bigint {
  return BigInt.asUintN(WORD, (word >> by) | (word << (64n - by)))
}

function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n)
  return primes
}

/** The first 64 bits behind the point of a prime's square or cube root. */
function fractionOfRoot(prime: bigint, degree: bigint): bigint {
  const scaled = prime << (64n * degree)
  let low = 0n
  let high = 1n << 72n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** degree <= scaled) low = middle
    else high = middle
  }
  return BigInt.asUintN(WORD, low)
}
