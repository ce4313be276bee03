import type { Catalogue } from './es-PE.ts'

export const verify: Catalogue['verify'] = {
  title: 'Check this result',
  lead: 'Your browser repeats the computation from the round’s transcript.',
  run: 'Verify now',
  running: 'Verifying…',
  ok: 'Everything matches: the result was sealed before the bets and did not change afterwards.',
  bad: 'Something does not match. Keep the transcript and write to the operator or the regulator.',
  failed: 'The transcript could not be downloaded.',
  download: 'Download transcript',
  standalone: 'Stand-alone verification page',
  steps:
    'To do it on your own: download the transcript, open the stand-alone page (it works offline) and choose the file.',
  trust:
    'This series used no public beacon: an operator could have sat a player of his own among those who ' +
    'contributed seeds. We tell you so that you know.',
  check: {
    format: 'The transcript is complete',
    'same-round': 'Everything is about this same round',
    'seed-commitment': 'The revealed seed matches the commitment',
    'commitment-in-series': 'The commitment belongs to the published series',
    salt: 'The salt gathers the players’ contributions',
    outcome: 'The seed gives exactly this result',
    ending: 'The end of the round is consistent',
    'operator-trust': 'It is declared whether the operator had to be trusted',
    'log-signature': 'The public log is signed',
    'committed-in-log': 'The series was in the public log',
    'salted-in-log': 'The salt was in the public log',
    'ended-in-log': 'The end of the round is in the public log',
    'log-order': 'The commitment was published before the result',
  },
}

export const rules: Catalogue['rules'] = {
  title: 'Rules and payouts',
  lead: 'Everything worth knowing before a bet. Open without account and without deposit.',
  roundTitle: 'How a round goes',
  round1: 'The round opens and its commitment is shown. While the clock runs you may bet, undo and take back.',
  round2:
    'With “No more bets” betting closes. The server’s time counts: a bet that arrives late is refused and ' +
    'costs nothing.',
  round3: 'The generator decides the number, the ball shows it on the wheel, and every bet is paid at once.',
  round4: 'The result stays in view for at least 5 seconds before the next round.',
  returnsTitle: 'What each bet pays and returns',
  returnsLead:
    'The return is what comes back to players on average, for every S/ 100 bet in the long run. We compute ' +
    'it by going through every number of the wheel, not by sampling.',
  bet: 'Bet',
  pays: 'Pays',
  paysOdds: '{{odds}} to 1',
  paysByChips: 'by its chips',
  return: 'Return',
  returnExact: 'Exact',
  hit: 'Pays something',
  min: 'Minimum',
  max: 'Maximum',
  perPlayer: 'Most per player and round: {{amount}}',
  perTable: 'Most of the whole table per round: {{amount}}',
  chooseTable: 'Table',
  singleZero: 'Single-zero wheel',
  doubleZero: 'Double-zero wheel',
  laPartage: 'With la partage: when zero comes, half of your even-chance bets comes back.',
  noTables: 'When tables are open you will see their limits and payouts here.',
  connectionTitle: 'What if my connection drops?',
  connection1:
    'A bet that the table confirmed as Accepted is on record: it stays in play and is paid, whether you are ' +
    'connected or not.',
  connection2:
    'Without a connection the page neither sends nor keeps bets. You are charged for nothing that you have ' +
    'not seen accepted.',
  connection3:
    'If only the answer was lost, the page asks about the same bet again when it reconnects: a bet is never doubled.',
  connection4: 'When you are back you see what happened: result, payouts and balance. It is also in your history.',
  connection5:
    'A slow connection gives neither advantage nor disadvantage: the result is sealed since before the first bet.',
  faultTitle: 'And if the house fails?',
  fault1:
    'If a server dies, another takes the table over within seconds, with the same bets and the same result, ' +
    'already sealed.',
  fault2:
    'If a round cannot be finished it is made void with a recorded reason, and everything staked in it goes ' +
    'back to you.',
  fairTitle: 'How you check that it is fair',
  fair1: 'Before betting we publish a fingerprint (commitment) of the round’s seed in a public, append-only log.',
  fair2:
    'Afterwards we reveal the seed. With it your browser computes the number again and compares it with the ' +
    'fingerprint.',
  fair3: 'Your bets do not enter the computation: nobody can change the result according to what you bet.',
  fair4: 'Any player may contribute a seed to the table’s next series.',
  rngTitle: 'What this table is',
  rng:
    'It is a random number generator (RNG) table. There is no croupier in person and no video: the wheel you ' +
    'see is an animation of the number drawn.',
  safeTitle: 'Play with measure',
  safe:
    'Set yourself a limit before you start and do not play to win back losses. If it stops being fun, get ' +
    'help: in Peru, Línea 113 (option 5) of the Ministry of Health.',
  kinds: {
    straight: 'Straight up (1 number)',
    split: 'Split (2 numbers)',
    street: 'Street (3 numbers)',
    trio: 'Trio with zero',
    corner: 'Corner (4 numbers)',
    'first-four': 'First four',
    basket: 'Basket (0, 00, 1, 2, 3)',
    line: 'Six line (6 numbers)',
    dozen: 'Dozen',
    column: 'Column',
    red: 'Red',
    black: 'Black',
    odd: 'Odd',
    even: 'Even',
    low: 'Low (1 to 18)',
    high: 'High (19 to 36)',
    voisins: 'Voisins du zéro',
    tiers: 'Tiers du cylindre',
    orphelins: 'Orphelins',
    'jeu-zero': 'Jeu zéro',
    neighbours: 'Neighbours',
    range: '{{first}} to {{last}}',
    neighboursOf: 'A number and {{reach}} each side',
    finaleOf: 'Finale {{digit}}',
    finale: 'Finales',
  },
}
