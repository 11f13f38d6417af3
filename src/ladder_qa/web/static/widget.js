/*
 * <ladder-qa>: asks a company's career ladder, and shows the answer in its documents' exact words.
 *
 *   <script src="https://ladder.example/widget.js" defer></script>
 *   <ladder-qa mode="launcher"></ladder-qa>
 *
 * Attributes, each with a property of the same name
 *   server     address of the ladder's server; default: where this script came from
 *   mode       inline (default), panel (docked at the window's edge), launcher (a floating box);
 *              the last two start as a button
 *   open       whether the panel or the floating box is open
 *   theme      auto (default), light, dark
 *   lang       en, de, fr, es; default: the page's language, then the browser's
 *   starters   questions to begin with, separated by |, or a JSON array of them, where they may hold
 *              a |; default: those that the server offers
 *   levels     codes of levels, separated by commas: their starter questions come first
 *   history    session: the conversation outlives a change of page, in sessionStorage. Without it
 *              nothing is stored anywhere
 *   feedback   off: no thumbs
 * Further properties
 *   fetch          takes the place of window.fetch, for instance to send cookies to another origin
 *   tokenProvider  async function that returns a bearer token; called before each request, and once
 *                  more with {refresh: true} after a 401. The token is never stored
 * Methods: ask(question), stop(), reset(), show(), close()
 * Events, all bubbling and composed
 *   ladder-qa-question  {question, history}; cancelable: the question is not asked
 *   ladder-qa-answer    the answer as the HTTP interface has it; cancelable: it is not shown
 *   ladder-qa-feedback  what is to be sent; cancelable: it is not sent
 *   ladder-qa-error     {kind, status, type, title, detail, retryAfter}
 * Custom properties
 *   --ladder-qa-paper -ink -soft -rule -tint -accent -mark -refuse -refuse-tint -part   colours
 *   --ladder-qa-words  typeface of the documents' words      --ladder-qa-own  typeface of the rest
 *   --ladder-qa-font-size  default 1.0625em of the reader's  --ladder-qa-radius
 *   --ladder-qa-width --ladder-qa-height  of the floating box; the docked panel takes the width
 *   --ladder-qa-max-width  of an inline widget; default 46em, a good length for lines
 *   --ladder-qa-offset  distance from the window's edges     --ladder-qa-z-index  default 1000
 * CSS parts: launcher, frame, header, title, starter, log, turn, question, answer, label, words,
 *   table, reference, source, quote, place, suggestion, tools, error, form, input, submit, button
 *
 * Everything that came over the network is put into the page as text; there is no innerHTML, no
 * inline style, no eval. No request goes anywhere but to the server.
 */
(() => {
  "use strict";

  // ---------------------------------------------------------------------------------------------
  // Limits of the HTTP interface, and times
  // ---------------------------------------------------------------------------------------------

  const MAX_QUESTION = 2000; // code points, as all lengths here
  const MAX_TURN = 4000;
  const MAX_TURNS = 16;
  const MAX_NOTE = 2000;
  const COUNT_FROM = 1800; // the counter shows from this length on
  const MOST_STARTERS = 4;
  const SLOW_MS = 4000;
  const SILENT_MS = 45000; // the server pings every 15 s: after three missed ones nobody is there
  const COPIED_MS = 2500;

  const REFUSALS = ["not_in_documents", "level_not_covered", "out_of_scope"];
  const OUTCOMES = ["answered", "partial", ...REFUSALS];
  // What the server says, quotes and its own sentences alike, is in this language.
  const SERVER_LANGUAGE = "en";

  // `currentScript` is null in a module; then the script element is found by its address.
  const SCRIPT =
    document.currentScript ??
    [...document.scripts].find((script) => /\/widget(\/[0-9a-f]+)?\.js([?#]|$)/.test(script.src));
  const SCRIPT_ORIGIN = new URL(SCRIPT?.src || location.href, location.href).origin;

  // ---------------------------------------------------------------------------------------------
  // Strings
  // ---------------------------------------------------------------------------------------------

  const STRINGS = {
    en: {
      title: "Ask the career ladder",
      lead:
        "Every answer stands on the documents’ own words, each with its place. " +
        "Where they don’t say, you are told so.",
      starters: "To begin with",
      conversation: "Conversation",
      question: "Your question",
      keys: "Enter sends, Shift+Enter makes a new line",
      ask: "Ask",
      stop: "Stop",
      retry: "Try again",
      reset: "New chat",
      print: "Print",
      close: "Close",
      left: "{n} characters left",
      over: "{n} characters too many",
      busy: "Wait for this answer, or stop it first.",
      waiting: "Looking it up in the documents …",
      slow: "This takes longer than usual. You can wait or stop.",
      cleared: "New chat.",
      answered: "From the documents",
      partial: "Answered in part",
      not_in_documents: "The documents don’t say",
      level_not_covered: "A level that the documents don’t describe",
      out_of_scope: "Not about this career ladder",
      understood: "Understood as: {q}",
      comparison: "Comparison",
      notStated: "not stated",
      source: "Source {n}",
      sources: "Sources",
      showSource: "Show in the document",
      newTab: "opens in a new tab",
      differ: "The documents differ here",
      missing: "Not in the documents",
      nearest: "Nearest to it in the documents",
      nearestRest: "Nearest to the rest",
      next: "The documents do answer",
      quoted: "Made of quotes, without a language model",
      worded: "Worded by {model}, checked against the quotes",
      copyMarkdown: "Copy as Markdown",
      copyText: "Copy as text",
      copied: "Copied",
      notCopied: "Could not be copied",
      helpful: "Helpful?",
      up: "Helpful",
      down: "Not helpful",
      reasonUp: "What was good?",
      reasonDown: "What was wrong?",
      clear: "It is clear",
      complete: "Nothing is missing",
      sourced: "The sources help",
      wrong: "It is wrong",
      incomplete: "Something is missing",
      off_topic: "It is not what I asked",
      unclear: "It is hard to understand",
      note: "Note (optional)",
      consent: "Keep the text of my question too, so that the answer can be improved",
      send: "Send",
      cancel: "Cancel",
      thanks: "Thank you.",
      notSent: "This could not be sent. Please try again.",
      cut: "The connection ended early: this answer is not complete.",
      stopped: "You stopped this answer: it is not complete.",
      stoppedEarly: "You stopped this question.",
      offline: "You are offline. Your question is kept; try again once you are connected.",
      offlineNow: "You are offline.",
      unreachable: "The server cannot be reached. Your question is kept.",
      signin: "You need to sign in, or may not ask here.",
      many: "Too many questions just now. You can ask again {when}.",
      soon: "in a moment",
      unready: "The documents are being read. You can ask again {when}.",
      refused: "The server did not take this question: {detail}",
      failed: "Something went wrong on the server. Your question is kept.",
      address: "The address of the server is not valid.",
    },
    de: {
      title: "Frag die Karriereleiter",
      lead:
        "Jede Antwort besteht aus den Worten der Dokumente, mit Fundstelle. " +
        "Wo sie nichts sagen, steht das da.",
      starters: "Zum Anfang",
      conversation: "Gespräch",
      question: "Deine Frage",
      keys: "Eingabe sendet, Umschalt+Eingabe macht eine neue Zeile",
      ask: "Fragen",
      stop: "Anhalten",
      retry: "Noch einmal",
      reset: "Neues Gespräch",
      print: "Drucken",
      close: "Schließen",
      left: "noch {n} Zeichen",
      over: "{n} Zeichen zu viel",
      busy: "Warte auf diese Antwort oder halte sie zuerst an.",
      waiting: "Wird in den Dokumenten nachgeschlagen …",
      slow: "Das dauert länger als sonst. Du kannst warten oder anhalten.",
      cleared: "Neues Gespräch.",
      answered: "Aus den Dokumenten",
      partial: "Teilweise beantwortet",
      not_in_documents: "Die Dokumente sagen das nicht",
      level_not_covered: "Eine Stufe, die die Dokumente nicht beschreiben",
      out_of_scope: "Nicht über diese Karriereleiter",
      understood: "Verstanden als: {q}",
      comparison: "Vergleich",
      notStated: "nicht angegeben",
      source: "Quelle {n}",
      sources: "Quellen",
      showSource: "Im Dokument zeigen",
      newTab: "öffnet einen neuen Tab",
      differ: "Die Dokumente widersprechen sich hier",
      missing: "Nicht in den Dokumenten",
      nearest: "Das Nächste dazu in den Dokumenten",
      nearestRest: "Das Nächste zum Rest",
      next: "Die Dokumente beantworten",
      quoted: "Aus Zitaten gemacht, ohne Sprachmodell",
      worded: "Formuliert von {model}, an den Zitaten geprüft",
      copyMarkdown: "Als Markdown kopieren",
      copyText: "Als Text kopieren",
      copied: "Kopiert",
      notCopied: "Konnte nicht kopiert werden",
      helpful: "Hilfreich?",
      up: "Hilfreich",
      down: "Nicht hilfreich",
      reasonUp: "Was war gut?",
      reasonDown: "Was war schlecht?",
      clear: "Verständlich",
      complete: "Nichts fehlt",
      sourced: "Die Quellen helfen",
      wrong: "Es ist falsch",
      incomplete: "Etwas fehlt",
      off_topic: "Danach habe ich nicht gefragt",
      unclear: "Schwer zu verstehen",
      note: "Anmerkung (freiwillig)",
      consent: "Auch den Text meiner Frage aufheben, damit die Antwort besser werden kann",
      send: "Senden",
      cancel: "Abbrechen",
      thanks: "Danke.",
      notSent: "Das konnte nicht gesendet werden. Bitte versuch es noch einmal.",
      cut: "Die Verbindung brach ab: Diese Antwort ist nicht vollständig.",
      stopped: "Du hast diese Antwort angehalten: Sie ist nicht vollständig.",
      stoppedEarly: "Du hast diese Frage angehalten.",
      offline: "Du bist offline. Deine Frage bleibt stehen; versuch es mit Verbindung noch einmal.",
      offlineNow: "Du bist offline.",
      unreachable: "Der Server ist nicht erreichbar. Deine Frage bleibt stehen.",
      signin: "Du musst dich anmelden oder darfst hier nicht fragen.",
      many: "Gerade sind es zu viele Fragen. Du kannst {when} wieder fragen.",
      soon: "gleich",
      unready: "Die Dokumente werden gerade gelesen. Du kannst {when} wieder fragen.",
      refused: "Der Server hat diese Frage nicht angenommen: {detail}",
      failed: "Auf dem Server ging etwas schief. Deine Frage bleibt stehen.",
      address: "Die Adresse des Servers ist ungültig.",
    },
    fr: {
      title: "Interroger le parcours de carrière",
      lead:
        "Chaque réponse reprend les mots des documents, avec leur emplacement. " +
        "Quand ils ne disent rien, c’est indiqué.",
      starters: "Pour commencer",
      conversation: "Conversation",
      question: "Votre question",
      keys: "Entrée envoie, Maj+Entrée va à la ligne",
      ask: "Demander",
      stop: "Arrêter",
      retry: "Réessayer",
      reset: "Nouvelle conversation",
      print: "Imprimer",
      close: "Fermer",
      left: "encore {n} caractères",
      over: "{n} caractères de trop",
      busy: "Attendez cette réponse, ou arrêtez-la d’abord.",
      waiting: "Recherche dans les documents …",
      slow: "C’est plus long que d’habitude. Vous pouvez attendre ou arrêter.",
      cleared: "Nouvelle conversation.",
      answered: "D’après les documents",
      partial: "Réponse partielle",
      not_in_documents: "Les documents ne le disent pas",
      level_not_covered: "Un niveau que les documents ne décrivent pas",
      out_of_scope: "Sans rapport avec ce parcours de carrière",
      understood: "Compris comme : {q}",
      comparison: "Comparaison",
      notStated: "non précisé",
      source: "Source {n}",
      sources: "Sources",
      showSource: "Voir dans le document",
      newTab: "ouvre un nouvel onglet",
      differ: "Les documents divergent ici",
      missing: "Absent des documents",
      nearest: "Le plus proche dans les documents",
      nearestRest: "Le plus proche du reste",
      next: "Les documents répondent à",
      quoted: "Fait de citations, sans modèle de langage",
      worded: "Formulé par {model}, vérifié avec les citations",
      copyMarkdown: "Copier en Markdown",
      copyText: "Copier le texte",
      copied: "Copié",
      notCopied: "Copie impossible",
      helpful: "Utile ?",
      up: "Utile",
      down: "Pas utile",
      reasonUp: "Qu’est-ce qui était bien ?",
      reasonDown: "Qu’est-ce qui n’allait pas ?",
      clear: "C’est clair",
      complete: "Il ne manque rien",
      sourced: "Les sources aident",
      wrong: "C’est faux",
      incomplete: "Il manque quelque chose",
      off_topic: "Ce n’était pas ma question",
      unclear: "C’est difficile à comprendre",
      note: "Remarque (facultative)",
      consent: "Garder aussi le texte de ma question, pour améliorer la réponse",
      send: "Envoyer",
      cancel: "Annuler",
      thanks: "Merci.",
      notSent: "L’envoi a échoué. Veuillez réessayer.",
      cut: "La connexion s’est interrompue : cette réponse est incomplète.",
      stopped: "Vous avez arrêté cette réponse : elle est incomplète.",
      stoppedEarly: "Vous avez arrêté cette question.",
      offline: "Vous êtes hors ligne. Votre question est gardée ; réessayez une fois connecté.",
      offlineNow: "Vous êtes hors ligne.",
      unreachable: "Le serveur est injoignable. Votre question est gardée.",
      signin: "Il faut vous connecter, ou vous n’avez pas accès ici.",
      many: "Trop de questions en ce moment. Vous pourrez redemander {when}.",
      soon: "dans un instant",
      unready: "Les documents sont en cours de lecture. Vous pourrez redemander {when}.",
      refused: "Le serveur n’a pas accepté cette question : {detail}",
      failed: "Le serveur a rencontré un problème. Votre question est gardée.",
      address: "L’adresse du serveur n’est pas valide.",
    },
    es: {
      title: "Pregunta a la carrera profesional",
      lead:
        "Cada respuesta usa las palabras de los documentos, con su lugar. " +
        "Donde no dicen nada, se indica.",
      starters: "Para empezar",
      conversation: "Conversación",
      question: "Tu pregunta",
      keys: "Intro envía, Mayús+Intro hace una línea nueva",
      ask: "Preguntar",
      stop: "Parar",
      retry: "Reintentar",
      reset: "Conversación nueva",
      print: "Imprimir",
      close: "Cerrar",
      left: "quedan {n} caracteres",
      over: "sobran {n} caracteres",
      busy: "Espera esta respuesta o párala primero.",
      waiting: "Buscando en los documentos …",
      slow: "Tarda más de lo normal. Puedes esperar o parar.",
      cleared: "Conversación nueva.",
      answered: "De los documentos",
      partial: "Respondida en parte",
      not_in_documents: "Los documentos no lo dicen",
      level_not_covered: "Un nivel que los documentos no describen",
      out_of_scope: "No trata de esta carrera profesional",
      understood: "Entendida como: {q}",
      comparison: "Comparación",
      notStated: "no se indica",
      source: "Fuente {n}",
      sources: "Fuentes",
      showSource: "Ver en el documento",
      newTab: "se abre en otra pestaña",
      differ: "Los documentos no coinciden aquí",
      missing: "No está en los documentos",
      nearest: "Lo más cercano en los documentos",
      nearestRest: "Lo más cercano a lo demás",
      next: "Los documentos sí responden a",
      quoted: "Hecha de citas, sin modelo de lenguaje",
      worded: "Redactada por {model}, comprobada con las citas",
      copyMarkdown: "Copiar como Markdown",
      copyText: "Copiar como texto",
      copied: "Copiado",
      notCopied: "No se pudo copiar",
      helpful: "¿Útil?",
      up: "Útil",
      down: "No es útil",
      reasonUp: "¿Qué estuvo bien?",
      reasonDown: "¿Qué estuvo mal?",
      clear: "Es clara",
      complete: "No falta nada",
      sourced: "Las fuentes ayudan",
      wrong: "Es incorrecta",
      incomplete: "Falta algo",
      off_topic: "No es lo que pregunté",
      unclear: "Es difícil de entender",
      note: "Nota (opcional)",
      consent: "Guardar también el texto de mi pregunta, para mejorar la respuesta",
      send: "Enviar",
      cancel: "Cancelar",
      thanks: "Gracias.",
      notSent: "No se pudo enviar. Inténtalo otra vez.",
      cut: "La conexión se cortó: esta respuesta está incompleta.",
      stopped: "Has parado esta respuesta: está incompleta.",
      stoppedEarly: "Has parado esta pregunta.",
      offline: "Estás sin conexión. Tu pregunta se conserva; reinténtalo al conectarte.",
      offlineNow: "Estás sin conexión.",
      unreachable: "No se puede llegar al servidor. Tu pregunta se conserva.",
      signin: "Tienes que iniciar sesión, o no puedes preguntar aquí.",
      many: "Demasiadas preguntas ahora mismo. Puedes volver a preguntar {when}.",
      soon: "en un momento",
      unready: "Se están leyendo los documentos. Puedes volver a preguntar {when}.",
      refused: "El servidor no aceptó esta pregunta: {detail}",
      failed: "Algo falló en el servidor. Tu pregunta se conserva.",
      address: "La dirección del servidor no es válida.",
    },
  };

  const REASONS = {
    up: ["clear", "complete", "sourced"],
    down: ["wrong", "incomplete", "off_topic", "unclear"],
  };

  // ---------------------------------------------------------------------------------------------
  // Look
  // ---------------------------------------------------------------------------------------------

  const STYLE = `
:host { display: block; }
:host([mode="panel"]), :host([mode="launcher"]) { display: contents; }
:host([hidden]) { display: none; }
.root {
  all: initial;
  display: block;
  color-scheme: light dark;
  font-size: medium;
  --paper: var(--ladder-qa-paper, light-dark(#fdfcf9, #191816));
  --ink: var(--ladder-qa-ink, light-dark(#22201c, #e8e3d8));
  --soft: var(--ladder-qa-soft, light-dark(#655f55, #a49c8d));
  --rule: var(--ladder-qa-rule, light-dark(#ddd7ca, #3a3731));
  --tint: var(--ladder-qa-tint, light-dark(#f4f0e6, #232019));
  --accent: var(--ladder-qa-accent, light-dark(#85401a, #e3a377));
  --mark: var(--ladder-qa-mark, light-dark(#fbe5a3, #5d4a0d));
  --refuse: var(--ladder-qa-refuse, light-dark(#40566b, #a9c1d6));
  --refuse-tint: var(--ladder-qa-refuse-tint, light-dark(#eef2f5, #1f252b));
  --part: var(--ladder-qa-part, light-dark(#7a5c00, #dcbf62));
  --words: var(--ladder-qa-words, "Iowan Old Style", "Palatino Linotype", Palatino,
    "Book Antiqua", Georgia, "DejaVu Serif", serif);
  --own: var(--ladder-qa-own, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Liberation Sans", sans-serif);
  --radius: var(--ladder-qa-radius, 6px);
  --offset: var(--ladder-qa-offset, 16px);
}
:host([theme="light"]) .root { color-scheme: light; }
:host([theme="dark"]) .root { color-scheme: dark; }
.root [hidden] { display: none !important; }
.root *, .root *::before, .root *::after { box-sizing: border-box; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
.frame {
  display: flex; flex-direction: column;
  position: relative; container: ladder-qa / inline-size;
  font: 400 var(--ladder-qa-font-size, 1.0625em)/1.6 var(--words);
  color: var(--ink); background: var(--paper);
  border: 1px solid var(--rule); border-radius: var(--radius);
  overflow-wrap: break-word; text-align: start;
}
.inline .frame { max-width: var(--ladder-qa-max-width, 46em); }
header, .form, .label, .note, .foot, .place, .tools, .error, .starters h3, .more h4, .feedback,
  button, .context, .table th, .count, .offline { font-family: var(--own); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
h2, h3, h4, p, ul, ol, blockquote, figure, fieldset { margin: 0; padding: 0; border: 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }

button {
  font-size: 0.875em; line-height: 1.4; color: var(--ink); background: none;
  min-height: 24px; min-width: 24px; padding: 0.3em 0.65em;
  border: 1px solid var(--rule); border-radius: 4px; cursor: pointer;
}
button:hover { border-color: var(--soft); background: var(--tint); }
button:disabled { color: var(--soft); cursor: default; background: none; }
button.plain { border-color: transparent; color: var(--soft); }
button.plain:hover { color: var(--ink); }
button.main { color: var(--paper); background: var(--accent); border-color: var(--accent); font-weight: 600; }
button.main:hover { filter: brightness(1.1); }
svg { width: 1em; height: 1em; display: block; fill: none; stroke: currentColor; stroke-width: 1.4;
  stroke-linecap: round; stroke-linejoin: round; }

header {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.1em 0.75em;
  padding: 0.5em 1.15em; border-bottom: 1px solid var(--rule);
}
header h2 { flex: 1 1 0; min-width: 6em; font-size: 0.9375em; font-weight: 650; line-height: 1.5; }
header .actions { display: flex; flex-wrap: wrap; margin-inline-end: -0.55em; }
.actions svg { display: none; font-size: 1.2em; }

.body { flex: 1 1 auto; padding: 0 1.15em; position: relative; }
.lead { margin: 1.1em 0 0; color: var(--soft); }
.starters { padding: 0.6em 0 1.1em; }
.starters h3, .more h4 { font-size: 0.875em; font-weight: 600; line-height: 1.4; color: var(--soft); }
.starters h3 { margin-top: 0.9em; }
.questions { list-style: none; }
.questions li { border-bottom: 1px solid var(--rule); }
.questions button {
  width: 100%; padding: 0.5em 0; text-align: start; font: inherit; line-height: 1.45;
  color: var(--accent); border: 0; border-radius: 0;
}
.questions button:hover { background: none; text-decoration: underline; text-underline-offset: 0.15em; }

.turn { padding: 1.35em 0 1.1em; scroll-margin-top: 0.5em; }
.turn + .turn, .log:not(:empty) + .running .turn { border-top: 1px solid var(--rule); }
.question { font-size: 1.25em; font-weight: 600; line-height: 1.3; text-wrap: balance; margin-bottom: 0.5em; }
.label { font-size: 0.8125em; font-weight: 600; line-height: 1.4; color: var(--soft); margin-bottom: 0.4em; }
.note, .foot, .offline { font-size: 0.875em; line-height: 1.5; color: var(--soft); }
.note { margin-top: 0.7em; }
.words > * + * { margin-top: 0.7em; }
.words > p + ul, .words > p + ol { margin-top: 0.3em; }
.words ul, .words ol { padding-inline-start: 1.3em; }
.words li, .plain-list li { margin: 0.25em 0; }
code { font: 0.88em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.waiting::before {
  content: ""; display: inline-block; width: 0.55em; height: 0.55em; margin-inline-end: 0.6em;
  border-radius: 50%; background: var(--accent); animation: breathe 1.4s ease-in-out infinite;
}
@keyframes breathe { 50% { opacity: 0.25; } }

.partial > .label { color: var(--part); }
.refusal > .label { color: var(--refuse); }
.refusal > .words {
  background: var(--refuse-tint); border-inline-start: 3px solid var(--refuse);
  padding: 0.8em 1em; border-start-end-radius: 4px; border-end-end-radius: 4px;
}

.table { overflow-x: auto; border-radius: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375em; line-height: 1.45; }
th, td {
  text-align: start; vertical-align: top; padding: 0.5em 0.9em 0.5em 0;
  border-bottom: 1px solid var(--rule); min-width: 5.5em;
}
th { font-weight: 600; font-size: 0.875em; line-height: 1.5; color: var(--soft); }
thead th { border-bottom-color: var(--soft); }
td .none { color: var(--soft); font-style: italic; }
tr:has(+ .opened-row) > * { border-bottom: 0; }
.opened-row > td { padding: 0 0 0.2em; }
.opened-row .source { margin: 0 0 0.4em; }
.keep { white-space: nowrap; }

button.ref {
  vertical-align: middle; line-height: 26px;
  min-width: 26px; min-height: 26px; margin: -5px 0 -3px; padding: 0; border: 0; background: none;
}
button.ref span {
  font-size: 0.8em; font-weight: 600; line-height: 1; color: var(--accent); background: var(--tint);
  padding: 0.28em 0.42em; border-radius: 3px; border: 1px solid transparent;
}
button.ref:hover span, button.ref[aria-expanded="true"] span { background: var(--mark); color: var(--ink); }
.source {
  margin: 0.5em 0 0.7em; padding: 0.65em 0.9em; font-size: 1rem; font-size: max(0.9375em, 15px);
  border-inline-start: 3px solid var(--accent); background: var(--tint);
  border-start-end-radius: 4px; border-end-end-radius: 4px;
}
.context { font-size: 0.8125em; line-height: 1.5; color: var(--soft); }
blockquote { line-height: 1.5; }
mark { background: var(--mark); color: inherit; padding: 0.1em 0; box-decoration-break: clone; }
.place { font-size: 0.8125em; line-height: 1.5; color: var(--soft); margin-top: 0.25em; }
.place a { display: table; min-height: 24px; padding: 2px 0; }

.more { margin-top: 1.15em; }
.more h4 { margin-bottom: 0.25em; }
.plain-list { padding-inline-start: 1.3em; }
.quotes { list-style: none; }
.quotes li { padding: 0.55em 0; border-top: 1px solid var(--rule); }
.differ > p::first-letter { text-transform: uppercase; }
.differ { border-inline-start: 3px solid var(--part); padding-inline-start: 0.9em; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13em), 1fr)); gap: 0.6em; margin-top: 0.4em; }
.sides figure { padding: 0.65em 0.9em; background: var(--tint); border-radius: 4px; }
.sides figcaption { font: 600 0.8125em/1.4 var(--own); margin-bottom: 0.3em; }
.foot { font-size: 0.8125em; margin-top: 1.1em; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 0.15em 0.25em; margin: 0.35em 0 0 -0.6em; }
.tools button { font-size: 0.8125em; }
.tools .thumbs { display: flex; align-items: center; margin-inline-start: auto; font-size: 0.8125em; color: var(--soft); }
.tools .thumbs button { font-size: 1.15em; padding: 0.3em; }
.down svg { transform: rotate(180deg); }
button[aria-pressed="true"] { color: var(--accent); }
.error {
  font-size: 0.9375em; line-height: 1.5; padding: 0.75em 0.9em; margin-top: 0.6em;
  border-inline-start: 3px solid var(--accent); background: var(--tint);
}
.error button { margin-top: 0.5em; background: var(--paper); }
.feedback { margin-top: 0.8em; padding: 0.9em; font-size: 0.875em; line-height: 1.5; border: 1px solid var(--rule); border-radius: 4px; }
.feedback legend { font-weight: 600; padding: 0; }
.feedback label { display: flex; gap: 0.5em; align-items: baseline; min-height: 24px; padding: 0.15em 0; }
.feedback label.over { display: block; margin-top: 0.6em; }
.feedback input { flex: none; width: 1.05em; height: 1.05em; margin: 0; translate: 0 0.15em; accent-color: var(--accent); }
.feedback .send { display: flex; gap: 0.5em; margin-top: 0.7em; }
.feedback button { font-size: 1em; }

.form { padding: 0.75em 1.15em 0.85em; border-top: 1px solid var(--rule); background: var(--paper);
  border-radius: 0 0 var(--radius) var(--radius); }
.form label { display: block; font-size: 0.8125em; font-weight: 600; line-height: 1.4; margin-bottom: 0.35em; }
.field { display: flex; gap: 0.5em; align-items: flex-end; }
textarea {
  flex: 1; width: 100%; min-width: 0; min-height: 2.6em; max-height: 11em; padding: 0.5em 0.7em;
  font: 1em/1.45 var(--words); color: inherit; background: transparent;
  border: 1px solid var(--soft); border-radius: 4px; resize: none; field-sizing: content;
}
textarea:focus-visible { outline-width: 2px; outline-offset: 0; }
.field button { min-height: 2.6em; font-size: 0.9375em; padding: 0.5em 1.1em; }
.under { display: flex; justify-content: space-between; gap: 1em; margin-top: 0.35em; font: 0.75em/1.4 var(--own); color: var(--soft); }
.count { margin-inline-start: auto; font-variant-numeric: tabular-nums; }
.count.too-many { color: var(--accent); font-weight: 600; }
.offline { padding: 0.45em 1.15em; background: var(--refuse-tint); color: var(--refuse); }

.launcher {
  position: fixed; inset: auto var(--offset) var(--offset) auto; z-index: calc(var(--ladder-qa-z-index, 1000) - 1);
  display: flex; align-items: center; gap: 0.55em; padding: 0.7em 1.05em; border-radius: 2em;
  font: 600 0.9375em/1.4 var(--own); color: var(--paper); background: var(--accent);
  border: 1px solid var(--accent); box-shadow: 0 2px 10px rgb(0 0 0 / 0.22);
}
.docked .launcher { inset: 40% 0 auto auto; writing-mode: vertical-rl; padding: 1.05em 0.6em; border-radius: 8px 0 0 8px; }
.launcher:hover { background: var(--accent); filter: brightness(1.08); }
.launcher:focus-visible { outline-color: var(--ink); }
.floating .frame {
  position: fixed; z-index: var(--ladder-qa-z-index, 1000);
  box-shadow: 0 6px 32px rgb(0 0 0 / 0.24);
}
.floating .body { overflow-y: auto; overscroll-behavior: contain; container: ladder-qa-body / size; }
/* The last turn fills the box, so that its question can stand at the top from the start. */
.floating .running .turn, .floating .log:has(+ .running:empty) .turn:last-child { min-height: 100cqh; }
.root.launched .frame {
  inset: auto var(--offset) var(--offset) auto;
  width: min(var(--ladder-qa-width, 27em), 100vw - 2 * var(--offset));
  height: min(var(--ladder-qa-height, 42em), 100dvh - 2 * var(--offset));
}
.root.docked .frame {
  inset: 0 0 0 auto; width: min(var(--ladder-qa-width, 29em), 100vw);
  border-width: 0 0 0 1px; border-radius: 0;
}
@media (max-width: 30em), (max-height: 24em) {
  .root.launched .frame, .root.docked .frame { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; }
}
@container ladder-qa (max-width: 26em) {
  header, .body, .form, .offline { padding-inline: 0.9em; }
  .question { font-size: 1.15em; }
  table { table-layout: fixed; }
  th, td { padding-inline-end: 0.55em; overflow-wrap: anywhere; }
  .keys { display: none; }
  .many, .many tbody, .many tr, .many th, .many td { display: block; }
  .many thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .many tbody tr { padding: 0.5em 0; border-bottom: 1px solid var(--rule); }
  .many tbody th, .many tbody td { border: 0; padding: 0.1em 0; }
  .many tbody th { color: var(--ink); font-size: 0.9375em; }
  .many td[data-column]::before {
    content: attr(data-column); content: attr(data-column) / "";
    display: block; font: 0.8125em/1.5 var(--own); color: var(--soft);
  }
  .actions svg { display: block; }
  .actions .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
}
@media (prefers-reduced-motion: reduce) { .waiting::before { animation: none; } }
@media (forced-colors: active) {
  .source, .error, .refusal > .words, .sides figure, button.ref span { border: 1px solid; }
  button.main, .launcher { color: ButtonText; border: 2px solid ButtonText; }
  mark { forced-color-adjust: auto; }
}
@media print {
  .root { color-scheme: light; }
  .frame { position: static !important; display: block; width: auto !important; height: auto !important; border: 0 !important; box-shadow: none; }
  .body { overflow: visible !important; padding: 0; container-type: normal !important; }
  .turn { min-height: 0 !important; }
  .launcher, header .actions, .form, .tools, .feedback, .next, .starters, .lead, .error button,
    .source, .opened-row, .offline, .place a span { display: none !important; }
  .place a::after { content: attr(href); }
  button.ref { min-width: 0; min-height: 0; margin: 0; }
  button.ref span { background: none; padding: 0; vertical-align: super; }
  .turn { break-inside: auto; }
  .quotes li, tr { break-inside: avoid; }
}
`;

  // For the page around the widget, while its conversation is printed.
  const PRINTED = "data-ladder-qa-printed";
  const PRINT_STYLE = `@media print {
  :not(html, head, head *, body, :has([${PRINTED}]), [${PRINTED}]) { display: none !important; }
  :has([${PRINTED}]) {
    display: block !important; position: static !important; overflow: visible !important;
    width: auto !important; height: auto !important; max-height: none !important;
    margin: 0 !important; padding: 0 !important; border: 0 !important; transform: none !important;
  }
}`;

  // ---------------------------------------------------------------------------------------------
  // Text and elements
  // ---------------------------------------------------------------------------------------------

  // Control characters, marks that turn the direction of text, characters without a width, lone
  // surrogates: what the server's own pages leave out, too. The joiners that scripts need stay.
  const UNSEEN =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/gu;

  const clean = (value) =>
    typeof value === "string" ? value.replace(/\r\n?/g, "\n").replace(UNSEEN, "") : "";
  const folded = (value) => clean(value).replace(/\s+/g, " ").trim();
  const same = (one, other) => folded(one).toLowerCase() === folded(other).toLowerCase();
  const cut = (value, most) => [...clean(value)].slice(0, most).join("");
  const list = (value) => (Array.isArray(value) ? value : []);
  const texts = (value) => list(value).map(folded).filter(Boolean);

  /** Questions as an attribute gives them: divided by |, or as a JSON array. */
  function questionsOf(value) {
    try {
      if (value.trimStart()[0] === "[") return texts(JSON.parse(value));
    } catch {
      // A question that begins with a bracket.
    }
    return texts(value.split("|"));
  }

  /** An element; strings among its children become text, functions named on… listeners. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    return fill(element, children);
  }

  function fill(element, children) {
    for (const child of children.flat(Infinity)) {
      if (child instanceof Node) element.append(child);
      else if (child) element.append(clean(String(child)));
    }
    return element;
  }

  function icon(...paths) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    for (const d of paths) {
      const path = document.createElementNS(space, "path");
      path.setAttribute("d", d);
      svg.append(path);
    }
    return svg;
  }
  const LADDER = ["M5 1.5v13M11 1.5v13M5 4.5h6M5 8h6M5 11.5h6"];
  const SIGNS = {
    reset: "M8 3v10M3 8h10",
    print: "M4.5 6V2h7v4M4.5 12H2V6h12v6h-2.5M4.5 9.5h7V14h-7z",
    close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  };
  const THUMB = [
    "M2 7h2.5v6.5H2z",
    "M4.5 7 7 2c1 0 1.7.7 1.7 1.7L8.4 6H12c1 0 1.6.8 1.4 1.7l-1 4.5c-.2.8-.8 1.3-1.5 1.3H4.5",
  ];

  // ---------------------------------------------------------------------------------------------
  // The answer's Markdown: paragraphs, lists, tables, emphasis, code, marks [n], escapes, entities.
  // Links, images and HTML are no part of it: they stay the letters that they are.
  // ---------------------------------------------------------------------------------------------

  const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
  const TAGS = { "**": "strong", __: "strong", "*": "em", _: "em" };
  const MOST_NESTED = 4;
  const INLINE =
    /\\([!-/:-@[-`{-~])|&(#\d{1,7}|#[xX][\da-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);|( ?)\[(\d{1,3})\]|(`+)([^`]+)\5(?!`)|(\*\*|__|\*|_)/g;

  function entity(name) {
    if (name[0] !== "#") return ENTITIES[name];
    const hex = name[1].toLowerCase() === "x";
    const code = hex ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  }

  /** Inline Markdown as a flat list: {text}, {code}, {mark, blank}, {start: tag, sign}, {end}. */
  function parseInline(source) {
    const tokens = [];
    const open = [];
    let done = 0;
    const text = (value) => {
      const last = tokens.at(-1);
      if (last && "text" in last && !last.sign) last.text += value;
      else if (value) tokens.push({ text: value });
    };
    for (const match of source.matchAll(INLINE)) {
      const [all, letter, name, blank, mark, , code, sign] = match;
      text(source.slice(done, match.index));
      done = match.index + all.length;
      if (letter) text(letter);
      else if (name) text(entity(name));
      else if (mark) tokens.push({ mark: Number(mark), blank: blank !== "", text: all, sign: true });
      else if (code) tokens.push({ code });
      else {
        const [before, after] = [source[match.index - 1] ?? " ", source[done] ?? " "];
        const inWord = sign[0] === "_" && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
        const at = open.findLastIndex((one) => one.sign === sign);
        if (at >= 0 && !inWord && !/\s/.test(before)) {
          tokens[open[at].index] = { start: TAGS[sign], sign };
          tokens.push({ end: sign });
          open.length = at;
        } else if (!inWord && !/\s/.test(after) && open.length < MOST_NESTED) {
          open.push({ sign, index: tokens.length });
          tokens.push({ text: sign, sign: true });
        } else text(sign);
      }
    }
    text(source.slice(done));
    return tokens;
  }

  const ITEM = /^\s{0,3}(?:[-+*]|(\d{1,9})[.)])\s+(.*)$/;
  const DIVIDER = /^\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?$/;

  function cellsOf(line) {
    const cells = [""];
    for (const piece of line.trim().replace(/^\|/, "").match(/\\.|[^\\|]+|\||\\/g) ?? []) {
      if (piece === "|") cells.push("");
      else cells[cells.length - 1] += piece;
    }
    if (cells.length > 1 && !cells.at(-1).trim()) cells.pop();
    return cells.map((cell) => parseInline(cell.trim()));
  }

  /** Blocks: {table: {head, rows}}, {items, first} or {words}, all words parsed. */
  function parseBlocks(source) {
    const blocks = [];
    const lines = source.split("\n");
    let open = null; // the list or paragraph that the next line may go on
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at];
      const item = ITEM.exec(line);
      if (!line.trim()) open = null;
      else if (line.trimStart()[0] === "|" && DIVIDER.test(lines[at + 1] ?? "")) {
        const table = { head: cellsOf(line), rows: [] };
        for (at += 2; lines[at]?.trimStart()[0] === "|"; at += 1) table.rows.push(cellsOf(lines[at]));
        at -= 1;
        blocks.push({ table });
        open = null;
      } else if (item) {
        if (!open?.items) blocks.push((open = { items: [], first: item[1] ? Number(item[1]) : null }));
        open.items.push(item[2]);
      } else if (open?.items) open.items[open.items.length - 1] += ` ${line.trim()}`;
      else if (open) open.words += ` ${line.trim()}`;
      else blocks.push((open = { words: line.trim() }));
    }
    for (const block of blocks) {
      if (block.items) block.items = block.items.map(parseInline);
      else if (!block.table) block.words = parseInline(block.words);
    }
    return blocks;
  }

  /** Puts a mark behind the last word so that it never stands alone on the next line. */
  function keepTogether(place, blank, button) {
    const last = place.lastChild;
    if (last?.className === "keep") {
      last.append(blank, button);
      return;
    }
    const word = last?.nodeType === Node.TEXT_NODE && /(?<![^\s/])[^\s/]{1,10}\s*$/.exec(last.data);
    if (word) last.data = last.data.slice(0, word.index);
    place.append(make("span", { class: "keep" }, word && word[0].trimEnd(), blank || (word && /\s$/.test(word[0]) && "\u00a0"), button));
  }

  /** Parsed words as nodes. `reference(n)` gives the button of a mark, or null where there is none. */
  function nodesOf(tokens, reference) {
    const root = document.createDocumentFragment();
    let place = root;
    for (const token of tokens) {
      if (token.start) place = place.appendChild(make(token.start));
      else if (token.end) place = place.parentNode;
      else if (token.code) place.append(make("code", null, token.code));
      else {
        const button = token.mark ? reference?.(token.mark) : null;
        if (button) keepTogether(place, token.blank ? "\u00a0" : "", button);
        else place.append(clean(token.text));
      }
    }
    return root;
  }

  const escaped = (text) => text.replace(/[\\`*_[\]<>#~&|!]/g, "\\$&");

  /** Parsed words as plain text with [n], or as Markdown with [^n]. */
  function written(tokens, known, markdown) {
    const word = (token) => {
      if (token.mark && known.has(token.mark)) {
        return (token.blank ? " " : "") + (markdown ? `[^${token.mark}]` : `[${token.mark}]`);
      }
      if (token.start || token.end) return markdown ? (token.sign ?? token.end) : "";
      return markdown ? escaped(clean(token.text ?? token.code)) : clean(token.text ?? token.code);
    };
    return tokens.map(word).join("").trim();
  }

  function writtenBlock(block, known, markdown) {
    const one = (tokens) => written(tokens, known, markdown);
    if (block.words) return one(block.words);
    if (block.items) {
      const sign = (index) => (block.first === null ? "-" : `${block.first + index}.`);
      return block.items.map((item, index) => `${sign(index)} ${one(item)}`).join("\n");
    }
    const [head, rows] = [block.table.head.map(one), block.table.rows.map((row) => row.map(one))];
    if (markdown) {
      const line = (cells) => `| ${cells.join(" | ")} |`;
      return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
    }
    const named = (cell, index) => (head[index] ? `${head[index]}: ${cell}` : cell);
    return rows.map((row) => `- ${row.map(named).join("; ")}`).join("\n");
  }

  /** A quote, which is a raw slice of Markdown: its marks resolved, its links as their words. */
  function parseQuote(raw) {
    const words = folded(raw)
      .replace(/<br\s*\/?>/gi, " ")
      .replace(/!?\[([^[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)/g, "$1");
    return parseInline(words);
  }
  const quoteNodes = (raw) => nodesOf(parseQuote(raw), null);
  const quoteText = (raw) => written(parseQuote(raw), new Set(), false);

  // ---------------------------------------------------------------------------------------------
  // What the server sends
  // ---------------------------------------------------------------------------------------------

  /** Server-sent events out of bytes, however they are cut. */
  class EventReader {
    #decoder = new TextDecoder();
    #rest = "";
    #afterReturn = false; // the last chunk ended in CR: a LF that follows belongs to it
    #name = "";
    #data = [];

    *push(bytes) {
      let text = this.#decoder.decode(bytes, { stream: true });
      if (!text) return;
      if (this.#afterReturn && text[0] === "\n") text = text.slice(1);
      this.#afterReturn = text.endsWith("\r") || (this.#afterReturn && !text);
      const lines = (this.#rest + text).split(/\r\n|\r|\n/);
      this.#rest = lines.pop();
      for (const line of lines) {
        const event = this.#line(line);
        if (event) yield event;
      }
    }

    #line(line) {
      if (!line) {
        const event = this.#data.length && { name: this.#name, data: this.#data.join("\n") };
        this.#name = "";
        this.#data = [];
        return event || null;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.#name = value;
      else if (field === "data") this.#data.push(value);
      return null;
    }
  }

  /** Why a question has no answer. `kind` is a key of the strings. */
  class Trouble extends Error {
    constructor(kind, problem = {}, retryAfter = null) {
      super(kind);
      Object.assign(this, { kind, problem, retryAfter });
    }

    static async of(response) {
      let problem = {};
      try {
        problem = asProblem(await response.json());
      } catch {
        // Not a problem document: the status says enough.
      }
      const { status } = response;
      const kinds = { 401: "signin", 403: "signin", 429: "many", 503: "unready" };
      const kind = kinds[status] ?? (status < 500 ? "refused" : "failed");
      return new Trouble(kind, { ...problem, status }, secondsOf(response.headers.get("retry-after")));
    }
  }

  function asProblem(value) {
    const { status = null } = value ?? {};
    const [type, title, detail] = [value?.type, value?.title, value?.detail].map(folded);
    return { status: Number(status) || null, type, title, detail };
  }

  /** Seconds until the time in a Retry-After header, or null. */
  function secondsOf(header) {
    if (!header) return null;
    const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
    return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
  }

  function asCitation(value) {
    const section = texts(value?.section);
    const title = folded(value?.title) || folded(value?.document);
    return {
      number: Number(value?.number),
      title,
      place: section[0] === title ? section : [title, ...section],
      // Headings are in the place already.
      context: list(value?.context).map((one) => quoteText(one?.text)).filter((one) => one && !section.includes(one)),
      quote: clean(value?.quote),
      url: typeof value?.url === "string" ? value.url : "",
    };
  }

  /** What is shown of an Answer. Raises Trouble when it is none. */
  function asAnswer(value) {
    if (typeof value?.answer !== "string") throw new Trouble("failed");
    const citations = (given) => list(given).map(asCitation).filter((one) => one.quote);
    return {
      id: String(value.id ?? ""),
      question: folded(value.question),
      outcome: OUTCOMES.includes(value.outcome) ? value.outcome : "answered",
      blocks: parseBlocks(clean(value.answer)),
      text: clean(value.answer),
      citations: new Map(citations(value.citations).map((one) => [one.number, one])),
      missing: texts(value.missing),
      conflicts: list(value.conflicts).map((one) => ({
        about: folded(one?.about),
        citations: list(one?.citations).map(Number),
      })),
      nearest: citations(value.nearest),
      suggestions: texts(value.suggestions),
      notices: texts(value.notices),
      model: value.mode === "llm" ? folded(value.model) : "",
    };
  }

  // ---------------------------------------------------------------------------------------------
  // The element
  // ---------------------------------------------------------------------------------------------

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  let serial = 0; // for ids, which are unique within one shadow tree anyway

  class LadderQaElement extends HTMLElement {
    static observedAttributes = [
      "server", "mode", "open", "theme", "lang", "starters", "levels", "history", "feedback",
    ];

    #root = this.attachShadow({ mode: "open" });
    #parts = null; // the elements that change
    #turns = []; // {question, raw, answer, claims, citations, trouble}
    #running = null; // {turn, controller, why}
    #offered = null; // starter questions of the server; null: not asked for yet
    #fetch = null;
    #tokenProvider = null;
    #opener = null; // what had the focus when the box was opened without its launcher

    constructor() {
      super();
      this.#root.adoptedStyleSheets = [sheet];
    }

    // -- attributes and properties ---------------------------------------------------------------

    get server() {
      return this.getAttribute("server") ?? SCRIPT_ORIGIN;
    }
    set server(value) {
      this.#reflect("server", value);
    }
    get mode() {
      return this.#oneOf("mode", ["inline", "panel", "launcher"]);
    }
    set mode(value) {
      this.#reflect("mode", value);
    }
    get open() {
      return this.hasAttribute("open");
    }
    set open(value) {
      this.toggleAttribute("open", Boolean(value));
    }
    get theme() {
      return this.#oneOf("theme", ["auto", "light", "dark"]);
    }
    set theme(value) {
      this.#reflect("theme", value);
    }
    get starters() {
      return this.getAttribute("starters");
    }
    set starters(value) {
      const divided = Array.isArray(value) && value.some((one) => String(one).includes("|"));
      const joined = Array.isArray(value) ? value.join("|") : value;
      this.#reflect("starters", divided ? JSON.stringify(value.map(String)) : joined);
    }
    get levels() {
      return this.getAttribute("levels");
    }
    set levels(value) {
      this.#reflect("levels", value);
    }
    get history() {
      return this.#oneOf("history", ["none", "session"]);
    }
    set history(value) {
      this.#reflect("history", value);
    }
    get feedback() {
      return this.#oneOf("feedback", ["on", "off"]);
    }
    set feedback(value) {
      this.#reflect("feedback", value);
    }
    get fetch() {
      return this.#fetch ?? ((...request) => globalThis.fetch(...request));
    }
    set fetch(value) {
      this.#fetch = typeof value === "function" ? value : null;
      this.#loadStarters();
    }
    get tokenProvider() {
      return this.#tokenProvider;
    }
    set tokenProvider(value) {
      this.#tokenProvider = typeof value === "function" ? value : null;
      this.#loadStarters();
    }

    #reflect(name, value) {
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    }

    #oneOf(name, allowed) {
      const value = this.getAttribute(name);
      return allowed.includes(value) ? value : allowed[0];
    }

    // -- methods ---------------------------------------------------------------------------------

    /** Asks a question, as if somebody had typed it. */
    ask(question) {
      const text = clean(question).trim();
      if (!text || [...text].length > MAX_QUESTION || !this.#parts) return false;
      if (this.#running) {
        this.#say(this.#t("busy"));
        return false;
      }
      if (!this.#emit("ladder-qa-question", { question: text, history: this.#history() })) return false;
      const turn = { question: text };
      this.#turns.push(turn);
      this.#run(turn);
      return true;
    }

    /** Stops the answer that is being given. */
    stop() {
      if (this.#running) {
        this.#running.why = "stopped";
        this.#running.controller.abort();
      }
    }

    /** Begins a new chat. */
    reset() {
      this.#drop();
      this.#turns = [];
      this.#save();
      if (!this.#parts) return;
      this.#draw();
      this.#parts.input.value = "";
      this.#count();
      this.#say(this.#t("cleared"));
    }

    /** Opens the panel or the floating box, and puts the focus into it. */
    show() {
      this.open = true;
    }

    /** Closes it; the focus goes back to where it was opened from. */
    close() {
      this.open = false;
    }

    // -- life cycle ------------------------------------------------------------------------------

    connectedCallback() {
      // Properties that a page set before this script ran hide the accessors.
      for (const name of [...LadderQaElement.observedAttributes, "fetch", "tokenProvider"]) {
        if (Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      }
      for (const [name, listener] of this.#listeners) addEventListener(name, listener);
      if (!this.#parts) {
        this.#restore();
        this.#build();
      }
      this.#loadStarters();
    }

    disconnectedCallback() {
      for (const [name, listener] of this.#listeners) removeEventListener(name, listener);
      // An element that is only moved is connected again at once.
      queueMicrotask(() => {
        if (!this.isConnected) this.#drop();
      });
    }

    attributeChangedCallback(name, before, now) {
      if (!this.#parts || before === now) return;
      if (name === "open") this.#applyOpen(true);
      else if (name === "starters" || name === "levels") this.#drawStarters();
      else if (name === "history") this.#save();
      else if (name === "server") this.#offered = null;
      else if (name !== "theme") this.#build();
      this.#loadStarters();
    }

    // -- small things ----------------------------------------------------------------------------

    get #language() {
      const wanted = [];
      for (let node = this; node; node = node.getRootNode().host) {
        wanted.push(node.closest("[lang]")?.lang);
      }
      const known = [...wanted, ...navigator.languages]
        .map((tag) => tag?.slice(0, 2).toLowerCase())
        .find((tag) => Object.hasOwn(STRINGS, tag ?? ""));
      return known ?? "en";
    }

    #t(key, values = {}) {
      return STRINGS[this.#language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    }

    #emit(name, detail, cancelable = true) {
      return this.dispatchEvent(
        new CustomEvent(name, { bubbles: true, composed: true, cancelable, detail }),
      );
    }

    /** One line for screen readers, besides the log. */
    #say(text) {
      this.#parts.status.textContent = "";
      this.#parts.status.textContent = clean(text);
    }

    /** The server's address without a slash at its end, or null where it is none. */
    get #base() {
      try {
        const url = new URL(this.server, document.baseURI);
        if (!/^https?:$/.test(url.protocol)) return null;
        return url.origin + url.pathname.replace(/\/+$/, "");
      } catch {
        return null;
      }
    }

    #link(path) {
      return /^\/(?![/\\])/.test(path) && this.#base ? this.#base + path : null;
    }

    get #listeners() {
      return [
        ["online", this.#noteConnection],
        ["offline", this.#noteConnection],
        ["beforeprint", this.#addSources],
        ["afterprint", this.#removeSources],
      ];
    }

    // -- requests --------------------------------------------------------------------------------

    async #request(path, options = {}) {
      const base = this.#base;
      if (base === null) throw new Trouble("address");
      const send = async (asked) => {
        const headers = { ...options.headers };
        const token = await this.#tokenProvider?.(asked);
        if (token) headers.authorization = `Bearer ${token}`;
        // A redirect could lead to another server.
        return this.fetch(base + path, {
          ...options, headers, redirect: "error", referrerPolicy: "no-referrer", cache: "no-store",
        });
      };
      const response = await send({});
      if (response.status !== 401 || !this.#tokenProvider) return response;
      return send({ refresh: true });
    }

    #post(path, body, signal) {
      return this.#request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal,
      });
    }

    /** The last turns, oldest first, as the interface takes them. */
    #history() {
      const turns = [];
      for (const { question, answer } of this.#turns) {
        if (answer) {
          turns.push({ role: "user", content: cut(question, MAX_TURN) });
          turns.push({ role: "assistant", content: cut(answer.text, MAX_TURN) });
        }
      }
      return turns.slice(-MAX_TURNS);
    }

    // -- asking ----------------------------------------------------------------------------------

    async #run(turn) {
      const controller = new AbortController();
      const running = { turn, controller, why: "" };
      const history = this.#history();
      Object.assign(turn, { answer: null, raw: null, trouble: null, claims: [], citations: new Map() });
      this.#running = running;
      this.#drawRunning();
      const slow = setTimeout(() => this.#noteSlow(turn), SLOW_MS);
      try {
        if (!navigator.onLine) throw new Trouble("offline");
        turn.raw = await this.#answer(running, { question: turn.question, history });
        turn.answer = asAnswer(turn.raw);
      } catch (error) {
        turn.trouble = this.#troubleOf(error, running);
      }
      clearTimeout(slow);
      if (this.#running !== running) return; // a new chat began meanwhile
      this.#running = null;
      this.#finish(turn);
    }

    /** The answer in the last event. Raises Trouble, or what fetch raises. */
    async #answer(running, body) {
      const { controller, turn } = running;
      const silence = { timer: 0 };
      const alive = () => {
        clearTimeout(silence.timer);
        silence.timer = setTimeout(() => controller.abort(), SILENT_MS);
      };
      alive();
      try {
        const response = await this.#post("/api/v1/ask/stream", body, controller.signal);
        if (!response.ok) throw await Trouble.of(response);
        const [stream, reader] = [response.body.getReader(), new EventReader()];
        for (;;) {
          const { done, value } = await stream.read();
          if (done) throw new Trouble("cut");
          alive();
          for (const event of reader.push(value)) {
            const data = JSON.parse(event.data);
            if (event.name === "done") {
              stream.cancel().catch(() => {});
              return data;
            }
            if (event.name === "error") {
              const problem = asProblem(data);
              throw new Trouble(problem.status === 503 ? "unready" : "failed", problem);
            }
            if (this.#running === running) this.#take(turn, event.name, data);
          }
        }
      } finally {
        clearTimeout(silence.timer);
      }
    }

    #take(turn, name, data) {
      if (name === "citation") {
        const citation = asCitation(data);
        turn.citations.set(citation.number, citation);
      } else if (name === "claim" && folded(data?.text)) {
        const claim = { text: folded(data.text), marks: list(data.citations).map(Number) };
        turn.claims.push(claim);
        this.#drawClaim(turn, claim);
        this.#reveal(turn);
      }
    }

    #troubleOf(error, running) {
      const { turn, why } = running;
      if (why) return new Trouble(turn.claims.length ? "stopped" : "stoppedEarly");
      if (error instanceof Trouble) return error;
      if (turn.claims.length) return new Trouble("cut");
      if (error instanceof SyntaxError) return new Trouble("failed"); // no JSON
      return new Trouble(navigator.onLine ? "unreachable" : "offline");
    }

    /** Ends what is running without a word, for a new chat or an element that is taken away. */
    #drop() {
      this.#running?.controller.abort();
      this.#running = null;
    }

    #finish(turn) {
      if (turn.trouble) {
        const { kind, problem, retryAfter } = turn.trouble;
        if (!kind.startsWith("stopped")) {
          this.#emit("ladder-qa-error", { ...asProblem(problem), kind, retryAfter }, false);
        }
      } else turn.shown = this.#emit("ladder-qa-answer", turn.raw);
      this.#settle(turn);
      this.#save();
    }

    async #retry(turn) {
      if (this.#running) return;
      this.#turns = [...this.#turns.filter((one) => one !== turn), turn];
      this.#run(turn);
      this.#parts.running.querySelector(".question").focus({ preventScroll: true });
    }

    // -- sessionStorage, with history="session" only -----------------------------------------------

    get #key() {
      return `ladder-qa ${this.#base}`;
    }

    #save() {
      if (this.history !== "session") return;
      const kept = this.#turns.filter((turn) => turn.answer).slice(-MAX_TURNS / 2);
      try {
        const value = JSON.stringify(kept.map(({ question, raw }) => ({ question, raw })));
        if (kept.length) sessionStorage.setItem(this.#key, value);
        else sessionStorage.removeItem(this.#key);
      } catch {
        // Full or forbidden: the conversation ends with the page.
      }
    }

    #restore() {
      if (this.history !== "session") return;
      try {
        for (const { question, raw } of list(JSON.parse(sessionStorage.getItem(this.#key)))) {
          const answer = asAnswer(raw);
          this.#turns.push({ question: clean(question), raw, answer, shown: true });
        }
      } catch {
        this.#turns = [];
      }
    }

    // -- starters --------------------------------------------------------------------------------

    async #loadStarters() {
      const hidden = this.mode !== "inline" && !this.open;
      const wanted = this.#parts && this.isConnected && !hidden && this.starters === null;
      if (!wanted || this.#offered || this.#turns.length) return;
      this.#offered = [];
      try {
        const response = await this.#request("/api/v1/levels");
        // Without a token yet: asked for again when a provider is set.
        this.#offered = response.ok ? texts((await response.json()).starters) : null;
      } catch {
        this.#offered = null;
      }
      if (this.#offered?.length) this.#drawStarters();
    }

    /** The questions to begin with; those about the preferred levels first. */
    #starterQuestions() {
      const given = this.starters === null ? null : questionsOf(this.starters);
      const codes = texts(this.levels?.split(","));
      const rank = (question) => {
        const words = question.toLowerCase().split(/[^\p{L}\p{N}]+/u);
        return codes.some((code) => words.includes(code.toLowerCase())) ? 0 : 1;
      };
      const ranked = [...(given ?? this.#offered ?? [])].sort((one, other) => rank(one) - rank(other));
      return ranked.slice(0, MOST_STARTERS);
    }

    // -- frame -----------------------------------------------------------------------------------

    #build() {
      const typed = this.#parts?.input.value ?? "";
      const id = `q${(serial += 1)}`;
      const floating = this.mode !== "inline";
      const title = this.#t("title");
      const parts = {
        status: make("p", { class: "unseen", role: "status" }),
        starters: make("div", { class: "starters" }),
        log: make("div", { class: "log", part: "log", role: "log", "aria-live": "polite", "aria-label": this.#t("conversation") }),
        running: make("div", { class: "running", "aria-live": "off" }),
        input: make("textarea", {
          id, part: "input", rows: 1, "aria-describedby": `${id}k ${id}c`, enterkeyhint: "send", autocomplete: "off",
          oninput: () => this.#count(),
          onkeydown: (event) => this.#typed(event),
        }),
        submit: make("button", { class: "main", part: "submit" }, this.#t("ask")),
        count: make("span", { class: "count", id: `${id}c` }),
        offline: make("p", { class: "offline", hidden: true }, this.#t("offlineNow")),
        reset: this.#action("reset", () => this.#newChat()),
        print: this.#action("print", () => this.#print()),
      };
      parts.form = make(
        "form",
        { class: "form", part: "form", onsubmit: (event) => this.#submitted(event) },
        make("label", { for: id }, this.#t("question")),
        make("div", { class: "field" }, parts.input, parts.submit),
        make("div", { class: "under" }, make("span", { class: "keys", id: `${id}k` }, this.#t("keys")), parts.count),
      );
      parts.body = make(
        "div", { class: "body", tabindex: floating && "0", role: floating && "group", "aria-label": floating && this.#t("conversation") },
        parts.starters, parts.log, parts.running,
      );
      parts.frame = make(
        "div",
        { class: "frame", part: "frame", id: `${id}f`, ...(floating && { role: "dialog", "aria-modal": "false", "aria-label": title }) },
        make(
          "header", { part: "header" },
          make("h2", { part: "title" }, title),
          make("div", { class: "actions" }, parts.reset, parts.print,
            floating && this.#action("close", () => this.close())),
        ),
        parts.body, parts.offline, parts.form, parts.status,
      );
      parts.launcher = floating
        ? make("button", {
            type: "button", class: "launcher", part: "launcher",
            "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": `${id}f`,
            onclick: () => this.show(),
          }, icon(...LADDER), title)
        : null;
      const shape = { inline: "inline", panel: "docked floating", launcher: "launched floating" };
      const root = make(
        "section",
        { class: `root ${shape[this.mode]}`, lang: this.#language, "aria-label": title, onkeydown: (event) => this.#escape(event) },
        parts.launcher, parts.frame,
      );
      this.#parts = parts;
      this.#root.replaceChildren(root);
      parts.input.value = typed;
      this.#draw();
      this.#count();
      this.#noteConnection();
      this.#applyOpen(false);
    }

    #button(key, onclick, attributes = {}) {
      return make("button", { type: "button", part: "button", onclick, ...attributes }, this.#t(key));
    }

    /** A button of the header: a word, or its sign where there is no room for words. */
    #action(key, onclick) {
      const button = make("button", { type: "button", part: "button", class: "plain", title: this.#t(key), onclick });
      return fill(button, [icon(SIGNS[key]), make("span", { class: "word" }, this.#t(key))]);
    }

    /** Shows or hides the box; `asked` when somebody did it, who then gets the focus there. */
    #applyOpen(asked) {
      const { launcher, frame, input } = this.#parts;
      const floating = this.mode !== "inline";
      frame.hidden = floating && !this.open;
      if (!floating) return;
      launcher.hidden = this.open;
      launcher.setAttribute("aria-expanded", String(this.open));
      if (!asked) return;
      if (this.open) {
        const active = this.getRootNode().activeElement;
        this.#opener = active && active !== this && active !== document.body ? active : null;
        input.focus({ preventScroll: true });
      } else {
        (this.#opener?.isConnected ? this.#opener : launcher).focus({ preventScroll: true });
        this.#opener = null;
      }
    }

    /** Escape closes the innermost thing: a source, the feedback form, the box. */
    #escape(event) {
      if (event.key !== "Escape" || event.isComposing) return;
      const inside = event.target.closest(".source, .feedback");
      const open = event.target.matches(".ref[aria-expanded=true]") ? event.target : inside?.opener;
      if (open) open.click();
      else if (this.mode !== "inline" && this.open) this.close();
      else return;
      open?.focus();
      event.preventDefault();
      event.stopPropagation();
    }

    #newChat() {
      this.reset();
      this.#parts.input.focus();
    }

    #noteConnection = () => {
      if (this.#parts) this.#parts.offline.hidden = navigator.onLine;
    };

    // -- the question box ------------------------------------------------------------------------

    #typed(event) {
      // While an input method composes, Enter takes its proposal.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      if (this.#running) this.#say(this.#t("busy"));
      else this.#parts.form.requestSubmit();
    }

    #submitted(event) {
      event.preventDefault();
      const { input } = this.#parts;
      if (this.#running) this.stop();
      else if (this.ask(input.value)) {
        input.value = "";
        this.#count();
      } else input.focus();
    }

    #count() {
      const { input, count } = this.#parts;
      const left = MAX_QUESTION - [...clean(input.value).trim()].length;
      const text = left < 0 ? this.#t("over", { n: -left }) : this.#t("left", { n: left });
      count.textContent = left <= MAX_QUESTION - COUNT_FROM ? text : "";
      count.classList.toggle("too-many", left < 0);
      input.toggleAttribute("aria-invalid", false);
      if (left < 0) input.setAttribute("aria-invalid", "true");
      // Where the box does not grow by itself, it grows by lines.
      if (!CSS.supports("field-sizing", "content")) input.rows = Math.min(6, input.value.split("\n").length);
    }

    // -- drawing ---------------------------------------------------------------------------------

    #draw() {
      const { log, running, input } = this.#parts;
      const finished = this.#turns.filter((turn) => turn !== this.#running?.turn);
      const visible = finished.filter((turn) => turn.trouble || turn.shown);
      for (const turn of visible) turn.element = this.#article(turn);
      log.replaceChildren(...visible.map((turn) => turn.element));
      running.replaceChildren();
      if (this.#running) this.#drawRunning();
      this.#drawState();
      this.#drawStarters();
      input.setAttribute("lang", "");
    }

    #drawState() {
      const { submit, reset, print, running } = this.#parts;
      const busy = this.#running !== null;
      submit.replaceChildren(this.#t(busy ? "stop" : "ask"));
      reset.hidden = print.hidden = this.#turns.length === 0;
      running.setAttribute("aria-busy", String(busy));
    }

    #drawStarters() {
      const { starters } = this.#parts;
      starters.replaceChildren();
      starters.hidden = this.#turns.length > 0;
      if (starters.hidden) return;
      const questions = this.#starterQuestions();
      fill(starters, [
        make("p", { class: "lead" }, this.#t("lead")),
        questions.length && [make("h3", null, this.#t("starters")), this.#questions(questions, "starter")],
      ]);
    }

    /** Questions to click; the focus goes along to the new question. */
    #questions(questions, part) {
      const ask = (question) => {
        if (this.ask(question)) {
          this.#parts.body.querySelector(".running .question")?.focus({ preventScroll: true });
        }
      };
      const item = (question) =>
        make("li", null, make("button", { type: "button", part, lang: SERVER_LANGUAGE, onclick: () => ask(question) }, question));
      return make("ul", { class: "questions" }, questions.map(item));
    }

    #heading(turn) {
      return make("h3", { class: "question", part: "question", tabindex: "-1", lang: "" }, turn.question);
    }

    /** The turn that is being answered, outside of the log: nothing of it is announced. */
    #drawRunning() {
      const { turn } = this.#running;
      turn.waiting = make("p", { class: "label waiting", part: "label" }, this.#t("waiting"));
      turn.words = make("div", { class: "words", part: "words", lang: SERVER_LANGUAGE });
      turn.element?.remove();
      turn.revealed = false;
      turn.element = make(
        "article", { class: "turn", part: "turn" },
        this.#heading(turn), make("div", { class: "answer" }, turn.waiting, turn.words),
      );
      this.#parts.running.replaceChildren(turn.element);
      for (const claim of turn.claims) this.#drawClaim(turn, claim);
      this.#drawState();
      this.#drawStarters();
      this.#reveal(turn);
    }

    #drawClaim(turn, claim) {
      const marks = claim.marks.map((number) => ({ mark: number, text: "", blank: false }));
      const words = [{ text: `${claim.text} ` }, ...marks];
      turn.words.append(make("p", null, nodesOf(words, this.#references(turn.citations))));
    }

    #noteSlow(turn) {
      turn.waiting?.replaceChildren(this.#t("slow"));
      this.#say(this.#t("slow"));
    }

    /** Puts a finished turn into the log, where it is announced, in the place where it stood. */
    #settle(turn) {
      const { log, running, input } = this.#parts;
      const focused = this.#root.activeElement;
      const inside = turn.element.contains(focused) ? focused : null;
      running.replaceChildren();
      if (turn.trouble || turn.shown) {
        turn.element = this.#article(turn);
        log.append(turn.element);
        if (inside) {
          const label = inside.matches(".ref") && `.ref[aria-label="${CSS.escape(inside.getAttribute("aria-label"))}"]`;
          const again = (label && turn.element.querySelector(label)) || turn.element.querySelector(".question");
          again.focus({ preventScroll: true });
        }
        this.#reveal(turn);
      } else if (inside) input.focus();
      this.#drawState();
    }

    /** Brings the turn into view, once with its question and once with its first words. */
    #reveal(turn) {
      if (turn.revealed) return;
      turn.revealed = turn.claims.length > 0 || !this.#running;
      requestAnimationFrame(() => {
        const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
        turn.element.scrollIntoView({ block: this.mode === "inline" ? "nearest" : "start", behavior });
      });
    }

    /** A finished turn: the question with its answer, or with what went wrong. */
    #article(turn) {
      return make(
        "article", { class: "turn", part: "turn" },
        this.#heading(turn), turn.answer ? this.#answerOf(turn) : this.#failure(turn),
      );
    }

    #answerOf(turn) {
      const { answer } = turn;
      const refused = REFUSALS.includes(answer.outcome);
      const missing = answer.missing.filter((one) => !same(one, turn.question) && !same(one, answer.question));
      // What stands below under a heading of its own is not said twice.
      const differs = answer.conflicts.length > 0;
      const notices = answer.notices.filter(
        (notice) =>
          !answer.missing.some((one) => notice.includes(one)) && !(differs && notice.startsWith(STRINGS.en.differ)),
      );
      const reference = this.#references(answer.citations);
      const server = { lang: SERVER_LANGUAGE };
      return make(
        "div", { class: `answer ${answer.outcome} ${refused ? "refusal" : ""}`, part: "answer" },
        make("p", { class: "label", part: "label" }, this.#t(answer.outcome)),
        make("div", { class: "words", part: "words", ...server },
          answer.blocks.map((block) => this.#block(block, reference))),
        // Below the words, which must not move when the end of a streamed answer brings these.
        answer.question && !same(answer.question, turn.question) &&
          make("p", { class: "note" }, this.#t("understood", { q: answer.question })),
        notices.map((notice) => make("p", { class: "note", ...server }, notice)),
        answer.conflicts.map((conflict) => this.#conflict(conflict, answer)),
        missing.length > 0 && this.#more("missing", make("ul", { class: "plain-list", ...server }, missing.map((one) => make("li", null, one)))),
        answer.nearest.length > 0 && this.#more(refused ? "nearest" : "nearestRest", this.#quotes(answer.nearest)),
        answer.suggestions.length > 0 && this.#more("next", this.#questions(answer.suggestions, "suggestion"), "next"),
        make("p", { class: "foot" }, answer.model ? this.#t("worded", { model: answer.model }) : this.#t("quoted")),
        this.#tools(turn),
      );
    }

    #more(key, content, kind = "") {
      return make("section", { class: `more ${kind}`, "aria-live": kind ? "off" : null }, make("h4", null, this.#t(key)), content);
    }

    #block(block, reference) {
      if (block.words) return make("p", null, nodesOf(block.words, reference));
      if (block.items) {
        const items = block.items.map((item) => make("li", null, nodesOf(item, reference)));
        return make(block.first === null ? "ul" : "ol", { start: block.first }, items);
      }
      return this.#table(block.table, reference);
    }

    /**
     * A table whose first column, where it has no name, holds the names of the rows. One with three
     * columns or more is stacked where it is narrow; the roles keep it a table then.
     */
    #table({ head, rows }, reference) {
      const named = head.length > 0 && head[0].length === 0;
      const names = head.map((tokens) => written(tokens, new Set(), false));
      const none = () => make("span", { class: "none", lang: this.#language }, this.#t("notStated"));
      const cell = (tokens, column) => {
        if (named && column === 0) return make("th", { scope: "row", role: "rowheader" }, nodesOf(tokens, reference));
        const stated = tokens.some((token) => !/^[-–—]?$/.test(token.text ?? "."));
        const words = stated ? nodesOf(tokens, reference) : none();
        return make("td", { role: "cell", "data-column": clean(names[column]) }, words);
      };
      const top = head.map((tokens, column) =>
        named && column === 0
          ? make("td", { role: "cell" })
          : make("th", { scope: "col", role: "columnheader" }, nodesOf(tokens, reference)));
      const row = (cells) => make("tr", { role: "row" }, cells);
      const body = rows.map((cells) => row(head.map((_, column) => cell(cells[column] ?? [], column))));
      const table = make(
        "table", { role: "table", "aria-label": this.#t("comparison"), class: head.length > 2 && "many" },
        make("thead", { role: "rowgroup" }, row(top)), make("tbody", { role: "rowgroup" }, body),
      );
      return make("div", { class: "table", part: "table" }, table);
    }

    // -- sources ---------------------------------------------------------------------------------

    /** Gives the button of a mark [n], which opens its source in place. */
    #references(citations) {
      return (number) => {
        const citation = citations.get(number);
        if (!citation) return null;
        const button = make(
          "button",
          {
            type: "button", class: "ref", part: "reference", "aria-expanded": "false",
            "aria-label": this.#t("source", { n: number }), lang: this.#language,
            onclick: () => this.#toggleSource(button, citation),
          },
          make("span", null, String(number)),
        );
        return button;
      };
    }

    #toggleSource(button, citation) {
      const open = button.source?.isConnected;
      button.setAttribute("aria-expanded", String(!open));
      if (open) {
        (button.source.closest(".opened-row") ?? button.source).remove();
        button.source = null;
        button.removeAttribute("aria-controls");
        return;
      }
      const id = `s${(serial += 1)}`;
      const source = make(
        "div", { class: "source", part: "source", id, role: "group", "aria-live": "off", "aria-label": this.#t("source", { n: citation.number }), lang: this.#language },
        this.#quote(citation),
      );
      button.source = source;
      source.opener = button;
      button.setAttribute("aria-controls", id);
      const row = button.closest("tr");
      if (row) {
        const cell = make("td", { role: "cell", colspan: row.cells.length }, source);
        this.#after(row, make("tr", { class: "opened-row", role: "row" }, cell), ".opened-row");
      } else if (button.closest("li")) button.closest("li").append(source);
      else this.#after(button.closest("p"), source, ".source");
    }

    /** Places `added` behind `block` and behind what was opened there before. */
    #after(block, added, kind) {
      let last = block;
      while (last.nextElementSibling?.matches(kind)) last = last.nextElementSibling;
      last.after(added);
    }

    /** The exact words with what governs them, and their place. */
    #quote(citation) {
      const address = this.#link(citation.url);
      const place = citation.place.join(" › ");
      const link = address && make(
        "a", { href: address, target: "_blank", rel: "noopener" },
        make("span", null, this.#t("showSource"), make("span", { class: "unseen" }, ` (${this.#t("newTab")})`)),
      );
      return [
        citation.context.length > 0 && make("p", { class: "context", lang: SERVER_LANGUAGE }, citation.context.join(" › ")),
        make("blockquote", { part: "quote", lang: SERVER_LANGUAGE }, make("mark", null, quoteNodes(citation.quote))),
        make("p", { class: "place", part: "place" }, make("span", { lang: SERVER_LANGUAGE }, place), " ", link),
      ];
    }

    #quotes(citations, numbered = false) {
      const number = (citation) => numbered && make("p", { class: "context" }, `[${citation.number}]`);
      return make("ol", { class: "quotes" }, citations.map((citation) => make("li", null, number(citation), this.#quote(citation))));
    }

    /** What the documents say differently, side by side. */
    #conflict(conflict, answer) {
      const sides = conflict.citations
        .map((number) => answer.citations.get(number))
        .filter(Boolean)
        .map((citation) => make("figure", null, make("figcaption", { lang: SERVER_LANGUAGE }, citation.title), this.#quote(citation)));
      return make(
        "section", { class: "more differ" },
        make("h4", null, this.#t("differ")),
        conflict.about && make("p", { lang: SERVER_LANGUAGE }, conflict.about),
        make("div", { class: "sides" }, sides),
      );
    }

    // -- what went wrong ---------------------------------------------------------------------------

    #failure(turn) {
      const { kind, problem, retryAfter } = turn.trouble;
      const words = turn.claims?.length > 0 && make("div", { class: "words", part: "words", lang: SERVER_LANGUAGE });
      if (words) {
        turn.words = words;
        for (const claim of turn.claims) this.#drawClaim(turn, claim);
      }
      const retry = this.#button("retry", () => this.#retry(turn));
      if (retryAfter) {
        retry.disabled = true;
        setTimeout(() => (retry.disabled = false), Math.min(retryAfter * 1000, 2 ** 31 - 1));
      }
      const text = this.#t(kind, { when: this.#when(retryAfter), detail: problem.detail || problem.title });
      return make("div", { class: "answer" }, words, make("div", { class: "error", part: "error" }, make("p", null, text), retry));
    }

    /** In 30 seconds, in 5 minutes: in the reader's language. */
    #when(seconds) {
      if (!seconds) return this.#t("soon");
      const format = new Intl.RelativeTimeFormat(this.#language);
      return seconds < 120 ? format.format(seconds, "second") : format.format(Math.ceil(seconds / 60), "minute");
    }

    // -- copying and printing ------------------------------------------------------------------------

    #tools(turn) {
      const copy = (key, markdown) => {
        const button = this.#button(key, () => this.#copy(button, key, this.#written(turn, markdown)), { class: "plain" });
        return button;
      };
      return make(
        "div", { class: "tools", part: "tools", "aria-live": "off" },
        copy("copyMarkdown", true), copy("copyText", false),
        this.feedback === "on" && this.#thumbs(turn),
      );
    }

    /** Question, answer and sources: as Markdown with footnotes, or as plain text with them. */
    #written({ question, answer }, markdown) {
      const plain = (text) => (markdown ? escaped(folded(text)) : folded(text));
      const footnote = (citation, mark) => {
        const context = citation.context.length ? `${citation.context.map(plain).join(" › ")}: ` : "";
        const address = this.#link(citation.url) ?? "";
        const place = citation.place.map(plain).join(" › ");
        return `${mark} ${context}“${plain(quoteText(citation.quote))}” — ${place}${address && (markdown ? ` <${address}>` : `, ${address}`)}`;
      };
      const titled = (key, lines) => lines.length > 0 && [`${this.#t(key)}:`, lines.map((line) => `- ${line}`).join("\n")];
      const refused = REFUSALS.includes(answer.outcome);
      const sides = ({ about, citations }) => `${plain(about)} ${citations.map((n) => (markdown ? `[^${n}]` : `[${n}]`)).join("")}`;
      return [
        markdown ? `### ${plain(question)}` : folded(question),
        refused && `${this.#t(answer.outcome)}.`,
        answer.blocks.map((block) => writtenBlock(block, answer.citations, markdown)),
        titled("differ", answer.conflicts.map(sides)),
        titled("missing", answer.missing.filter((one) => !same(one, question)).map(plain)),
        titled(refused ? "nearest" : "nearestRest", answer.nearest.map((one) => footnote(one, "").trim())),
        [...answer.citations.values()].map((one) => footnote(one, markdown ? `[^${one.number}]:` : `[${one.number}]`)).join("\n"),
      ].flat().filter(Boolean).join("\n\n");
    }

    async #copy(button, key, text) {
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        done = this.#copyBySelection(text); // an insecure page, or a frame without the permission
      }
      const said = this.#t(done ? "copied" : "notCopied");
      button.replaceChildren(said);
      this.#say(said);
      setTimeout(() => button.replaceChildren(this.#t(key)), COPIED_MS);
    }

    #copyBySelection(text) {
      const focused = this.#root.activeElement;
      const area = make("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" });
      area.value = text;
      this.#parts.frame.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      focused?.focus({ preventScroll: true });
      return done;
    }

    /** Prints the conversation alone: a sheet hides the rest of the page while it is printed. */
    #print() {
      const around = new CSSStyleSheet();
      around.replaceSync(PRINT_STYLE);
      const hosts = [];
      for (let host = this; host; host = host.getRootNode().host) {
        hosts.push({ host, root: host.getRootNode() });
      }
      for (const { host, root } of hosts) {
        host.setAttribute(PRINTED, "");
        root.adoptedStyleSheets.push(around);
      }
      const restore = () => {
        for (const { host, root } of hosts) {
          host.removeAttribute(PRINTED);
          root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== around);
        }
      };
      addEventListener("afterprint", restore, { once: true });
      print();
    }

    /** On paper nothing can be opened: all sources of an answer stand below it. */
    #addSources = () => {
      for (const { answer, shown, element } of this.#turns) {
        if (shown && answer.citations.size > 0) {
          const sources = this.#more("sources", this.#quotes([...answer.citations.values()], true), "printed");
          element.querySelector(".foot").before(sources);
        }
      }
    };

    #removeSources = () => {
      for (const sources of this.#root.querySelectorAll(".printed")) sources.remove();
    };

    // -- feedback ------------------------------------------------------------------------------------

    #thumbs(turn) {
      const place = make("span", { class: "thumbs" });
      const thumb = (verdict) => {
        const button = make("button", {
          type: "button", class: `plain ${verdict}`, part: "button", "aria-expanded": "false",
          "aria-label": this.#t(verdict), title: this.#t(verdict),
          onclick: () => this.#toggleFeedback(turn, place, button, verdict),
        }, icon(...THUMB));
        return button;
      };
      return turn.rated
        ? fill(place, [this.#t("thanks")])
        : fill(place, [make("span", null, this.#t("helpful")), thumb("up"), thumb("down")]);
    }

    #toggleFeedback(turn, place, button, verdict) {
      const answer = place.closest(".answer");
      const open = answer.querySelector(".feedback");
      open?.opener.setAttribute("aria-expanded", "false");
      open?.remove();
      if (open?.opener === button) return;
      const form = this.#feedbackForm(turn, place, button, verdict);
      button.setAttribute("aria-expanded", "true");
      answer.append(form);
      form.querySelector("input").focus();
    }

    #feedbackForm(turn, place, button, verdict) {
      const name = `r${(serial += 1)}`;
      const reason = (key) => make("label", null, make("input", { type: "radio", name, value: key }), this.#t(key));
      const note = make("textarea", { rows: 2, maxlength: MAX_NOTE });
      const consent = make("input", { type: "checkbox" });
      const failed = make("p", { role: "alert" });
      const form = make(
        "form", { class: "feedback", "aria-live": "off", onsubmit: (event) => send(event) },
        make("fieldset", null, make("legend", null, this.#t(verdict === "up" ? "reasonUp" : "reasonDown")), REASONS[verdict].map(reason)),
        make("label", { class: "over" }, this.#t("note"), note),
        make("label", null, consent, make("span", null, this.#t("consent"))),
        failed,
        make("div", { class: "send" }, make("button", { class: "main", part: "button" }, this.#t("send")),
          this.#button("cancel", () => { button.click(); button.focus(); })),
      );
      form.opener = button;
      const send = async (event) => {
        event.preventDefault();
        const body = { answer_id: turn.answer.id, verdict };
        const chosen = form.querySelector("input[type=radio]:checked")?.value;
        if (chosen) body.reason = chosen;
        if (note.value.trim()) body.comment = cut(note.value.trim(), MAX_NOTE);
        if (consent.checked) body.question = turn.question;
        if (this.#emit("ladder-qa-feedback", body)) {
          try {
            const response = await this.#post("/api/v1/feedback", body);
            if (!response.ok) throw await Trouble.of(response);
          } catch {
            failed.replaceChildren(this.#t("notSent"));
            return;
          }
        }
        turn.rated = true;
        form.remove();
        place.replaceChildren(this.#t("thanks"));
        place.tabIndex = -1;
        place.focus({ preventScroll: true });
        this.#say(this.#t("thanks"));
      };
      return form;
    }
  }

  // ---------------------------------------------------------------------------------------------
  // Registration
  // ---------------------------------------------------------------------------------------------

  if (!customElements.get("ladder-qa")) {
    customElements.define("ladder-qa", LadderQaElement);
    globalThis.LadderQaElement = LadderQaElement;
  }
})();
