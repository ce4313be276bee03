/**
 * The roulette view of the players' page: pure components driven by props, their texts and their sound. The page brings
 * the connection, the language and the layout, and loads `roulette.css` after `web/theme/tokens.css`.
 */
export { CHIP_VALUES_CENTS, chipText } from './chips/breakdown.ts'
export { ChipTray, type ChipTrayProps, type TrayAction } from './chips/chip-tray.tsx'
export { Felt, type FeltProps } from './felt/felt.tsx'
export type { Orientation } from './felt/geometry.ts'
export { announcedText, placeText } from './felt/names.ts'
export { rouletteEn } from './messages.en.ts'
export { type RouletteMessageKey, rouletteEsPe } from './messages.es-PE.ts'
export { Racetrack, type RacetrackProps } from './racetrack/racetrack.tsx'
export { ResultPlate } from './results/plate.tsx'
export { ResultStrip, type ResultStripProps } from './results/result-strip.tsx'
export { Statistics, type StatisticsProps } from './results/statistics.tsx'
export { createSound, type Sound } from './sound.ts'
export type { OwnBet, RouletteTableProps, Spots, Translate } from './types.ts'
export { REST_MS, STILL_MS } from './wheel/spin.ts'
export { Wheel, type WheelProps } from './wheel/wheel.tsx'
