import { sha512 } from './sha512.ts'

/**
 * Checking of Ed25519 signatures, for verifiers whose platform has none. Nothing here handles a secret.
 * Source: RFC 8032 section 5.1.
 */
const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const D = mod(-121665n * inverse(121666n))
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n)

/** A point of the curve in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
type Point = { readonly X: bigint; readonly Y: bigint; readonly Z: bigint; readonly T: bigint }

const NEUTRAL: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n }
const BASE = decode(littleEndian(mod(4n * inverse(5n)))) ?? NEUTRAL

/** True when the 64-byte signature over the message is by the holder of the 32-byte public key. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const r = signature.subarray(0, 32)
  const s = fromLittleEndian(signature.subarray(32))
  const a = decode(publicKey)
  if (a === null || s >= ORDER) return false
  const k = fromLittleEndian(sha512(concat(r, publicKey, message))) % ORDER
  // R = sB - kA, compared as bytes, so that R has one encoding only.
  const expected = encodePoint(add(multiply(BASE, s), multiply(negate(a), k)))
  return expected.every((byte, i) => byte === r[i])
}

function decode(bytes: Uint8Array): Point | null {
  const sign = (bytes[31] ?? 0) >> 7
  const y = fromLittleEndian(bytes) & ((1n << 255n) - 1n)
  if (y >= P) return null
  const u = mod(y * y - 1n)
  const v = mod(D * y * y + 1n)
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n))
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE)
  if (mod(v * x * x) !== u) return null
  if (x === 0n && sign === 1) return null
  if (Number(x & 1n) !== sign) x = P - x
  return { X: x, Y: y, Z: 1n, T: mod(x * y) }
}

function encodePoint({ X, Y, Z }: Point): Uint8Array {
  const z = inverse(Z)
  const bytes = littleEndian(mod(Y * z))
  if ((mod(X * z) & 1n) === 1n) bytes[31]! |= 0x80
  return bytes
}

function add(p: Point, q: Point): Point {
  const a = mod((p.Y - p.X) * (q.Y - q.X))
  const b = mod((p.Y + p.X) * (q.Y + q.X))
  const c = mod(2n * D * p.T * q.T)
  const d = mod(2n * p.Z * q.Z)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) }
}

function negate(p: Point): Point {
  return { ...p, X: mod(-p.X), T: mod(-p.T) }
}

function multiply(point: Point, by: bigint): Point {
  let sum = NEUTRAL
  let doubled = point
  for (let rest = by; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = add(sum, doubled)
    doubled = add(doubled, doubled)
  }
  return sum
}

function mod(n: bigint): bigint {
  const rest = n % P
  return rest < 0n ? rest + P : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = mod(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square)
    square = mod(square * square)
  }
  return result
}

function inverse(n: bigint): bigint {
  return power(n, P - 2n)
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
