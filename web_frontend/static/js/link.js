// Sends the code of a sign-in link, which stands after the `#` so that no log ever has it.
const code = decodeURIComponent(location.hash.slice(1));
history.replaceState(null, "", location.pathname);
if (code) {
  const form = document.getElementById("link-form");
  form.elements.code.value = code;
  form.requestSubmit();
}
