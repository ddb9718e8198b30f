// The builder's rows: what a row asks about is chosen before how it compares.
function attributeSelect(comparison) {
  const select = document.createElement("select");
  select.className = comparison.className;
  select.dataset.attribute = "";
  select.setAttribute("aria-label", comparison.getAttribute("aria-label").replace("Comparison", "What"));
  select.add(new Option("Choose…", ""));
  for (const group of comparison.querySelectorAll("optgroup")) select.add(new Option(group.label, group.label));
  return select;
}

// A browser cannot be trusted to hide options: those of other attributes are taken out.
function offer(comparison, groups, label) {
  const chosen = comparison.value;
  const own = groups.get(label) ?? [];
  const first = new Option(own.length ? "Choose…" : "", "");
  comparison.replaceChildren(...(own.length ? own : [first]));
  comparison.value = chosen;
  if (comparison.selectedIndex < 0 || !chosen) comparison.selectedIndex = 0;
  comparison.disabled = !own.length;
}

function fitValues(row, comparison) {
  const option = comparison.selectedOptions[0];
  const [value, second] = [row.querySelector("[name=value]"), row.querySelector("[name=second]")];
  const type = option?.dataset.type ?? "text";
  value.hidden = type === "none";
  second.hidden = option?.dataset.second === undefined;
  for (const input of [value, second]) {
    const fits = type !== "date" || !input.value || /^\d{4}-\d\d-\d\d$/.test(input.value);
    input.type = type === "date" && fits ? "date" : "text";
  }
  value.placeholder = option?.dataset.example ?? "";
}

function prepare(row) {
  const comparison = row.querySelector("[name=clause]");
  const attribute = attributeSelect(comparison);
  const groups = new Map();
  for (const group of comparison.querySelectorAll("optgroup")) {
    const options = [...group.querySelectorAll("option")];
    if (options.some((option) => option.selected)) attribute.value = group.label;
    for (const option of options) option.text = option.text.slice(group.label.length + 2);
    groups.set(group.label, options);
  }
  // What is disabled is not sent, and rows are told apart by their order.
  const empty = document.createElement("input");
  Object.assign(empty, { type: "hidden", name: "clause", value: "" });
  const fit = () => {
    offer(comparison, groups, attribute.value);
    if (comparison.disabled) comparison.after(empty);
    else empty.remove();
    fitValues(row, comparison);
  };
  row.dataset.ready = "";
  comparison.before(attribute);
  attribute.addEventListener("change", fit);
  comparison.addEventListener("change", () => fitValues(row, comparison));
  fit();
}

function prepareAll() {
  for (const row of document.querySelectorAll("[data-row]:not([data-ready])")) prepare(row);
}

prepareAll();
new MutationObserver(prepareAll).observe(document.getElementById("main"), { childList: true, subtree: true });
