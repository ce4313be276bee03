/**
 * SHA-256 and HMAC-SHA256 in plain TypeScript, the same in a browser, a worker and the server.
 * A key's two padded blocks are compressed once, so a short message costs two compressions.
 * Not hardened against timing on a shared machine: it is for deriving and checking, never for passwords.
 * Source: FIPS 180-4, RFC 2104.
 */

/** A key ready for use: the states after the inner and the outer padded block. */
export type HmacKey = { readonly inner: Int32Array; readonly outer: Int32Array }

const BLOCK = 64

const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)

const START = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)

// Scratch space, shared because every function below runs to its end without giving up the thread.
const schedule = new Int32Array(64)
const state = new Int32Array(8)
const tail = new Uint8Array(2 * BLOCK)

export function sha256(bytes: Uint8Array): Uint8Array {
  state.set(START)
  absorb(bytes, 0)
  return output(new Uint8Array(32))
}

/** Prepares a key of any length; keep it when many messages share the key. */
export function hmacKey(key: Uint8Array): HmacKey {
  const short = key.length > BLOCK ? sha256(key) : key
  return { inner: paddedState(short, 0x36), outer: paddedState(short, 0x5c) }
}

/** The 32-byte tag of a message. */
export function hmac(key: HmacKey, message: Uint8Array): Uint8Array {
  state.set(key.inner)
  absorb(message, BLOCK)
  const tag = output(new Uint8Array(32))
  state.set(key.outer)
  absorb(tag, BLOCK)
  return output(tag)
}

function paddedState(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK).fill(pad)
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad
  state.set(START)
  compress(block, 0)
  return state.slice()
}

/** Takes the last bytes of a message of which `before` bytes are already in the state, and finishes it. */
function absorb(bytes: Uint8Array, before: number): void {
  const whole = bytes.length - (bytes.length % BLOCK)
  for (let at = 0; at < whole; at += BLOCK) compress(bytes, at)
  const rest = bytes.length - whole
  const end = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK
  tail.fill(0, 0, end)
  for (let i = 0; i < rest; i++) tail[i] = bytes[whole + i]!
  tail[rest] = 0x80
  const total = before + bytes.length
  writeWord(tail, end - 8, Math.floor(total / 0x20000000))
  writeWord(tail, end - 4, (total << 3) >>> 0)
  for (let at = 0; at < end; at += BLOCK) compress(tail, at)
}

function output(into: Uint8Array): Uint8Array {
  for (let i = 0; i < 8; i++) writeWord(into, 4 * i, state[i]!)
  return into
}

function writeWord(into: Uint8Array, at: number, word: number): void {
  into[at] = word >>> 24
  into[at + 1] = word >>> 16
  into[at + 2] = word >>> 8
  into[at + 3] = word
}

function compress(bytes: Uint8Array, at: number): void {
  const w = schedule
  for (let i = 0, p = at; i < 16; i++, p += 4) {
    w[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
  }
  const s = state
  let a = s[0]!
  let b = s[1]!
  let c = s[2]!
  let d = s[3]!
  let e = s[4]!
  let f = s[5]!
  let g = s[6]!
  let h = s[7]!
  for (let i = 0; i < 64; i++) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  s[0]! += a
  s[1]! += b
  s[2]! += c
  s[3]! += d
  s[4]! += e
  s[5]! += f
  s[6]! += g
  s[7]! += h
}
