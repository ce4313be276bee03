import type { CheckId, State } from './verify.ts'

export type Language = 'es' | 'en'

/** A check in plain words, and what it means when it holds; the page adds what it found. */
export type CheckText = { readonly name: string; readonly why: string }

export type Texts = {
  readonly locale: string
  readonly title: string
  readonly lead: string
  readonly drop: string
  readonly paste: string
  readonly verify: string
  readonly save: string
  readonly saved: string
  readonly notJson: string
  readonly verdict: Readonly<Record<State, string>>
  readonly meaning: Readonly<Record<State, string>>
  readonly state: Readonly<Record<State, string>>
  readonly checks: Readonly<Record<CheckId, CheckText>>
  readonly found: string
  readonly round: string
  readonly table: string
  readonly series: string
  readonly opened: string
  readonly ended: string
  readonly result: string
  readonly voided: string
  readonly pocket: string
  readonly red: string
  readonly black: string
  readonly green: string
  readonly trusted: string
  readonly beacon: string
  readonly seeds: string
  readonly noSeeds: string
  readonly contributor: string
  readonly seed: string
  readonly key: string
  readonly keyWhy: string
  readonly limits: string
}

const es: Texts = {
  locale: 'es-PE',
  title: 'Comprueba una ronda',
  lead:
    'Esta página rehace las cuentas con la criptografía de tu navegador. No envía nada ni pide nada a ' +
    'nadie, y no usa el programa de la casa. Si quieres, guárdala y desconéctate antes de usarla.',
  drop: 'Elige el archivo de la transcripción o suéltalo aquí',
  paste: 'o pega aquí su texto',
  verify: 'Verificar',
  save: 'Guardar esta página para usarla sin conexión',
  saved: 'La página quedó guardada en un solo archivo.',
  notJson: 'Esto no es una transcripción: el texto no es JSON. Descárgala otra vez.',
  verdict: { good: 'Todo coincide', bad: 'Algo no coincide', unknown: 'No se pudo comprobar todo' },
  meaning: {
    good: 'El resultado estaba sellado antes de la primera apuesta y nadie lo cambió.',
    bad: 'Guarda la transcripción y escríbele al operador o al regulador. Lo que falló está marcado abajo.',
    unknown: 'Lo que se pudo comprobar coincide. Lo demás está marcado abajo: prueba con un navegador más nuevo.',
  },
  state: { good: 'Coincide', bad: 'No coincide', unknown: 'No se pudo comprobar' },
  checks: {
    format: { name: 'La transcripción está completa', why: 'Tiene todas sus partes, y ninguna de más.' },
    'same-round': {
      name: 'Todo se refiere a esta misma ronda',
      why: 'Mesa, serie y número son los mismos en todas partes.',
    },
    'seed-commitment': {
      name: 'La semilla es la que se prometió',
      why: 'De la semilla revelada sale exactamente el compromiso que la mesa mostró antes de las apuestas.',
    },
    'commitment-in-series': {
      name: 'El compromiso pertenece a la serie publicada',
      why: 'Lleva, paso a paso, a la raíz que la casa publicó antes de jugar la serie.',
    },
    salt: {
      name: 'La sal sale de los aportes',
      why: 'Se rehízo con las semillas de los jugadores, que se cerraron antes de abrir la ronda.',
    },
    outcome: { name: 'La semilla da este resultado', why: 'Con la semilla y la sal, y nada más, sale este resultado.' },
    ending: {
      name: 'El final de la ronda es coherente',
      why: 'Se pagó o se anuló con un motivo, y las horas van en orden.',
    },
    'operator-trust': {
      name: 'Se declara si hay que confiar en el operador',
      why: 'La transcripción dice con verdad si la serie usó un faro público.',
    },
    'log-signature': {
      name: 'El registro público está firmado',
      why: 'La firma es de la clave que se muestra abajo. Compárala con la que publica el operador.',
    },
    'committed-in-log': { name: 'La serie está en el registro', why: 'Su raíz figura en el registro firmado.' },
    'salted-in-log': { name: 'La sal está en el registro', why: 'Figura en el mismo registro firmado.' },
    'ended-in-log': { name: 'El final está en el registro', why: 'Resultado, semilla y horas figuran en el registro.' },
    'log-order': {
      name: 'El orden es el debido',
      why: 'Primero el compromiso, después la sal, al último el resultado.',
    },
  },
  found: 'Calculado',
  round: 'Ronda',
  table: 'Mesa',
  series: 'Serie',
  opened: 'Abrió',
  ended: 'Terminó',
  result: 'Resultado',
  voided: 'Ronda anulada; esto habría salido',
  pocket: 'Casilla',
  red: 'rojo',
  black: 'negro',
  green: 'verde',
  trusted:
    'Esta serie no usó un faro público. El operador conocía el secreto mientras se juntaban las semillas ' +
    'y podría haber sentado a un jugador suyo entre quienes aportaron. Ninguna cuenta puede descartarlo; ' +
    'por eso se dice.',
  beacon: 'Esta serie usó un faro público. Compara su valor con el sitio del faro:',
  seeds: 'Semillas de los jugadores',
  noSeeds: 'Nadie aportó una semilla a esta serie.',
  contributor: 'Jugador (su marca en esta serie)',
  seed: 'Semilla',
  key: 'Clave del registro',
  keyWhy: 'Una casa falsa firmaría con otra clave. Compárala con la que publica el operador.',
  limits:
    'Una transcripción no muestra si alguien de la casa leyó un secreto antes de tiempo, ni lo que apostó cada quien.',
}

const en: Texts = {
  locale: 'en',
  title: 'Check a round',
  lead:
    'This page repeats the computation with your browser’s own cryptography. It sends nothing, asks nobody, ' +
    'and shares no code with the house. Save it and go offline first, if you like.',
  drop: 'Choose the transcript file, or drop it here',
  paste: 'or paste its text here',
  verify: 'Verify',
  save: 'Save this page to use it offline',
  saved: 'The page was saved as a single file.',
  notJson: 'This is not a transcript: the text is not JSON. Download it again.',
  verdict: { good: 'Everything matches', bad: 'Something does not match', unknown: 'Not everything could be checked' },
  meaning: {
    good: 'The result was sealed before the first bet, and nobody changed it.',
    bad: 'Keep the transcript and write to the operator or the regulator. What failed is marked below.',
    unknown: 'What could be checked matches. The rest is marked below: try a newer browser.',
  },
  state: { good: 'Matches', bad: 'Does not match', unknown: 'Could not be checked' },
  checks: {
    format: { name: 'The transcript is complete', why: 'It has all of its parts, and none that do not belong.' },
    'same-round': {
      name: 'Everything is about this one round',
      why: 'Table, series and number are the same throughout.',
    },
    'seed-commitment': {
      name: 'The seed is the one that was promised',
      why: 'The revealed seed gives exactly the commitment that the table showed before the bets.',
    },
    'commitment-in-series': {
      name: 'The commitment belongs to the published series',
      why: 'It leads, step by step, to the root that the house published before the series was played.',
    },
    salt: {
      name: 'The salt is made of the contributions',
      why: 'It was made again of the players’ seeds, which were closed before the round opened.',
    },
    outcome: { name: 'The seed gives this result', why: 'Seed and salt, and nothing else, give this result.' },
    ending: {
      name: 'The end of the round is consistent',
      why: 'It was paid, or void for a reason, and its times are in order.',
    },
    'operator-trust': {
      name: 'It is declared whether the operator is trusted',
      why: 'The transcript says truly whether the series used a public beacon.',
    },
    'log-signature': {
      name: 'The public log is signed',
      why: 'The signature is by the key shown below. Compare it with the one that the operator publishes.',
    },
    'committed-in-log': { name: 'The series is in the log', why: 'Its root stands in the signed log.' },
    'salted-in-log': { name: 'The salt is in the log', why: 'It stands in the same signed log.' },
    'ended-in-log': { name: 'The end is in the log', why: 'Result, seed and times stand in the log.' },
    'log-order': { name: 'The order is right', why: 'First the commitment, then the salt, last the result.' },
  },
  found: 'Computed',
  round: 'Round',
  table: 'Table',
  series: 'Series',
  opened: 'Opened',
  ended: 'Ended',
  result: 'Result',
  voided: 'Void round; this would have come',
  pocket: 'Pocket',
  red: 'red',
  black: 'black',
  green: 'green',
  trusted:
    'This series used no public beacon. The operator knew the secret while seeds were gathered, and could ' +
    'have sat a player of his own among those who contributed. No computation can rule that out; so it is ' +
    'said.',
  beacon: 'This series used a public beacon. Compare its value with the beacon’s site:',
  seeds: 'The players’ seeds',
  noSeeds: 'Nobody contributed a seed to this series.',
  contributor: 'Player (his mark in this series)',
  seed: 'Seed',
  key: 'Key of the log',
  keyWhy: 'A false house would sign with another key. Compare it with the one that the operator publishes.',
  limits: 'A transcript does not show whether somebody of the house read a secret early, nor what anybody bet.',
}

export const TEXTS: Readonly<Record<Language, Texts>> = { es, en }
