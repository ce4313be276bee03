/** The longer texts: rules, returns, what happens when a connection drops, and verification. */
export const verify = {
  title: 'Comprueba este resultado',
  lead: 'Tu navegador rehace las cuentas con la transcripción de la ronda.',
  run: 'Verificar ahora',
  running: 'Verificando…',
  ok: 'Todo coincide: el resultado estaba sellado antes de las apuestas y no cambió después.',
  bad: 'Algo no coincide. Guarda la transcripción y escríbele al operador o al regulador.',
  failed: 'No se pudo descargar la transcripción.',
  download: 'Descargar transcripción',
  standalone: 'Página de verificación independiente',
  steps:
    'Para hacerlo por tu cuenta: descarga la transcripción, abre la página independiente (funciona sin ' +
    'conexión) y elige el archivo.',
  trust:
    'Esta serie no usó un faro público: un operador podría haber sentado a un jugador suyo entre quienes ' +
    'aportaron semillas. Lo decimos para que lo sepas.',
  check: {
    format: 'La transcripción está completa',
    'same-round': 'Todo se refiere a esta misma ronda',
    'seed-commitment': 'La semilla revelada corresponde al compromiso',
    'commitment-in-series': 'El compromiso pertenece a la serie publicada',
    salt: 'La sal reúne los aportes de los jugadores',
    outcome: 'La semilla produce exactamente este resultado',
    ending: 'El cierre de la ronda es coherente',
    'operator-trust': 'Se declara si hubo que confiar en el operador',
    'log-signature': 'El registro público está firmado',
    'committed-in-log': 'La serie estaba en el registro público',
    'salted-in-log': 'La sal estaba en el registro público',
    'ended-in-log': 'El final de la ronda está en el registro público',
    'log-order': 'El compromiso se publicó antes que el resultado',
  },
} as const

export const rules = {
  title: 'Reglas y pagos',
  lead: 'Todo lo que conviene saber antes de apostar. Se lee sin cuenta y sin depósito.',
  roundTitle: 'Cómo va una ronda',
  round1: 'Se abre la ronda y se muestra su compromiso. Mientras corre el reloj puedes apostar, deshacer y retirar.',
  round2:
    'Con “No va más” se cierran las apuestas. Lo que vale es la hora del servidor: una apuesta que llega ' +
    'tarde se rechaza y no se cobra.',
  round3: 'El generador decide el número, la bola lo muestra en la rueda y cada apuesta se paga de inmediato.',
  round4: 'El resultado queda a la vista al menos 5 segundos antes de la ronda siguiente.',
  returnsTitle: 'Lo que paga y lo que devuelve cada apuesta',
  returnsLead:
    'El retorno es lo que vuelve a los jugadores, en promedio, por cada S/ 100 apostados a largo plazo. Lo ' +
    'calculamos recorriendo todos los números de la rueda, no por muestreo.',
  bet: 'Apuesta',
  pays: 'Paga',
  paysOdds: '{{odds}} a 1',
  paysByChips: 'según sus fichas',
  return: 'Retorno',
  returnExact: 'Exacto',
  hit: 'Cobra algo',
  min: 'Mínimo',
  max: 'Máximo',
  perPlayer: 'Máximo por jugador y ronda: {{amount}}',
  perTable: 'Máximo de toda la mesa por ronda: {{amount}}',
  chooseTable: 'Mesa',
  singleZero: 'Rueda de un cero',
  doubleZero: 'Rueda de doble cero',
  laPartage: 'Con la partage: si sale cero, recuperas la mitad de tus apuestas sencillas.',
  noTables: 'Cuando haya mesas abiertas verás aquí sus límites y pagos.',
  connectionTitle: '¿Qué pasa si se corta mi conexión?',
  connection1:
    'Una apuesta que la mesa te confirmó como Aceptada está registrada: sigue en juego y se paga, estés o ' +
    'no conectado.',
  connection2:
    'Mientras no hay conexión la página no envía ni guarda apuestas. No se te cobrará nada que no hayas ' +
    'visto aceptado.',
  connection3:
    'Si se perdió justo la respuesta, la página vuelve a preguntar por la misma apuesta al reconectar: ' +
    'nunca se duplica.',
  connection4: 'Al volver verás lo que ocurrió: resultado, cobros y saldo. También queda en tu historial.',
  connection5:
    'Tu conexión lenta no te da ventaja ni desventaja: el resultado está sellado desde antes de la primera apuesta.',
  faultTitle: '¿Y si falla la sala?',
  fault1:
    'Si un servidor se cae, otro retoma la mesa en segundos, con las mismas apuestas y el mismo resultado ya sellado.',
  fault2: 'Si una ronda no puede terminar, se anula con un motivo registrado y te devolvemos todo lo apostado en ella.',
  fairTitle: 'Cómo compruebas que es justo',
  fair1:
    'Antes de apostar publicamos una huella (compromiso) de la semilla de la ronda en un registro público ' +
    'al que solo se puede agregar.',
  fair2: 'Al terminar revelamos la semilla. Con ella, tu navegador recalcula el número y la compara con la huella.',
  fair3: 'Tus apuestas no entran en el cálculo: nadie puede cambiar el resultado según lo que apuestes.',
  fair4: 'Cualquier jugador puede aportar una semilla para la serie siguiente de la mesa.',
  rngTitle: 'Qué es esta mesa',
  rng:
    'Es una mesa con generador de números aleatorios (RNG). No hay crupier en persona ni transmisión de ' +
    'video: la rueda que ves es una animación del número sorteado.',
  safeTitle: 'Juega con medida',
  safe:
    'Pon un límite antes de empezar y no juegues para recuperar. Si el juego deja de ser diversión, busca ' +
    'ayuda: Línea 113 (opción 5), Ministerio de Salud.',
  kinds: {
    straight: 'Pleno (1 número)',
    split: 'Caballo (2 números)',
    street: 'Calle (3 números)',
    trio: 'Trío con el cero',
    corner: 'Cuadro (4 números)',
    'first-four': 'Cuatro primeros',
    basket: 'Cinco primeros (0, 00, 1, 2, 3)',
    line: 'Línea (6 números)',
    dozen: 'Docena',
    column: 'Columna',
    red: 'Rojo',
    black: 'Negro',
    odd: 'Impar',
    even: 'Par',
    low: 'Falta (1 al 18)',
    high: 'Pasa (19 al 36)',
    voisins: 'Vecinos del cero',
    tiers: 'Tercio del cilindro',
    orphelins: 'Huérfanos',
    'jeu-zero': 'Juego del cero',
    neighbours: 'Vecinos',
    range: '{{first}} a {{last}}',
    neighboursOf: 'Un número y {{reach}} vecinos por lado',
    finaleOf: 'Final {{digit}}',
    finale: 'Finales',
  },
} as const
