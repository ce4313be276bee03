import { CONTACT_MS, planSpin, REST_MS } from './wheel/spin.ts'

/** The table's sounds, made on the spot by WebAudio: nothing is loaded. Every sound also has its sign on the page. */
export type Sound = {
  /** Call from a user's gesture, which browsers ask for; calls after the first do nothing. */
  unlock(): void
  readonly muted: boolean
  mute(muted: boolean): void
  /** The ball on its track and in the pockets, joined `elapsedMs` into the spin. */
  spin(slots: number, slot: number, fromSlot: number, elapsedMs: number): void
  chip(): void
  /** No more bets. */
  bell(): void
  /** Ends what still sounds. */
  stop(): void
}

/** Silent until `unlock`; stays silent where WebAudio is missing. */
export function createSound(muted = false): Sound {
  let audio: { context: AudioContext; out: GainNode; noise: AudioBuffer } | null = null
  let quiet = muted
  let spinning: AudioScheduledSourceNode[] = []
  const stop = (): void => {
    for (const source of spinning) source.stop()
    spinning = []
  }
  return {
    unlock() {
      if (audio !== null || typeof AudioContext === 'undefined') return
      const context = new AudioContext()
      const out = new GainNode(context, { gain: quiet ? 0 : 0.7 })
      out.connect(context.destination)
      audio = { context, out, noise: noiseOf(context) }
    },
    get muted() {
      return quiet
    },
    mute(next) {
      quiet = next
      audio?.out.gain.setTargetAtTime(next ? 0 : 0.7, audio.context.currentTime, 0.02)
    },
    spin(slots, slot, fromSlot, elapsedMs) {
      if (audio === null) return
      stop()
      const { context, out, noise } = audio
      const at = (ms: number) => context.currentTime + (ms - elapsedMs) / 1000
      if (elapsedMs < CONTACT_MS) spinning = [rumble(context, out, noise, at)]
      let ms = CONTACT_MS
      for (const hop of planSpin({ slots, slot, fromSlot }).hops) {
        if (ms >= elapsedMs) spinning.push(knock(context, out, noise, at(ms), 0.25 + hop.height * 4))
        ms += hop.ms
      }
      if (REST_MS >= elapsedMs) spinning.push(knock(context, out, noise, at(REST_MS), 0.15))
    },
    chip() {
      if (audio === null) return
      const { context, out, noise } = audio
      const now = context.currentTime
      knock(context, out, noise, now, 0.35)
      tone(context, out, { hz: 3_400, at: now, gain: 0.06, seconds: 0.05 })
      tone(context, out, { hz: 4_700, at: now + 0.035, gain: 0.04, seconds: 0.05 })
    },
    bell() {
      if (audio === null) return
      const { context, out } = audio
      for (const [hz, gain] of [
        [1_046, 0.12],
        [2_093, 0.06],
        [2_794, 0.03],
      ] as const)
        tone(context, out, { hz, at: context.currentTime, gain, seconds: 1.4 })
    },
    stop,
  }
}

/** Two seconds of noise; the samples follow a fixed recurrence, since no chance is wanted here. */
function noiseOf(context: AudioContext): AudioBuffer {
  const buffer = context.createBuffer(1, context.sampleRate * 2, context.sampleRate)
  const samples = buffer.getChannelData(0)
  let state = 1
  for (let i = 0; i < samples.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    samples[i] = state / 2 ** 31
  }
  return buffer
}

/** The ball on wood: filtered noise whose pitch and loudness fall as the ball slows. */
function rumble(context: AudioContext, out: AudioNode, buffer: AudioBuffer, at: (ms: number) => number) {
  const source = new AudioBufferSourceNode(context, { buffer, loop: true })
  const filter = new BiquadFilterNode(context, { type: 'bandpass', frequency: 900, Q: 2.2 })
  const gain = new GainNode(context, { gain: 0 })
  const now = context.currentTime
  gain.gain.setValueAtTime(0, now)
  gain.gain.linearRampToValueAtTime(0.16, now + 0.25)
  gain.gain.linearRampToValueAtTime(0.05, Math.max(now + 0.3, at(CONTACT_MS - 300)))
  gain.gain.linearRampToValueAtTime(0, Math.max(now + 0.4, at(CONTACT_MS)))
  filter.frequency.linearRampToValueAtTime(420, Math.max(now + 0.3, at(CONTACT_MS)))
  source.connect(filter).connect(gain).connect(out)
  source.start(now)
  source.stop(Math.max(now + 0.5, at(CONTACT_MS)))
  return source
}

/** A short wooden knock, 0 to 1 strong. */
function knock(context: AudioContext, out: AudioNode, buffer: AudioBuffer, at: number, strength: number) {
  const source = new AudioBufferSourceNode(context, { buffer })
  const filter = new BiquadFilterNode(context, { type: 'bandpass', frequency: 2_200, Q: 5 })
  const gain = new GainNode(context, { gain: 0 })
  gain.gain.setValueAtTime(Math.min(1, strength), at)
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.07)
  source.connect(filter).connect(gain).connect(out)
  source.start(at, 0, 0.08)
  return source
}

type Tone = { readonly hz: number; readonly at: number; readonly gain: number; readonly seconds: number }

function tone(context: AudioContext, out: AudioNode, { hz, at, gain, seconds }: Tone): void {
  const source = new OscillatorNode(context, { frequency: hz })
  const volume = new GainNode(context, { gain: 0 })
  volume.gain.setValueAtTime(gain, at)
  volume.gain.exponentialRampToValueAtTime(0.0005, at + seconds)
  source.connect(volume).connect(out)
  source.start(at)
  source.stop(at + seconds)
}
