// Writes down what the widgets of the demo page tell it: the way for a host page of your own, too.
(() => {
  "use strict";
  const list = document.getElementById("events");
  const MOST = 12;

  function note(text) {
    const item = document.createElement("li");
    item.textContent = text;
    list.prepend(item);
    while (list.children.length > MOST) list.lastChild.remove();
  }

  document.addEventListener("ladder-qa-question", (event) => note(`asked: ${event.detail.question}`));
  document.addEventListener("ladder-qa-answer", ({ detail }) =>
    note(`${detail.outcome}: ${detail.claims.length} statements, ${detail.citations.length} sources`),
  );
  document.addEventListener("ladder-qa-feedback", (event) => note(`feedback: ${event.detail.verdict}`));
  document.addEventListener("ladder-qa-error", (event) => note(`failed: ${event.detail.kind}`));
  document.addEventListener("securitypolicyviolation", (event) =>
    note(`policy broken: ${event.violatedDirective}`),
  );
})();
