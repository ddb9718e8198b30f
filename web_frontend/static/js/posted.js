// A page that answers a form stands at the form's own address: reloading it, or going back to it,
// shows the form, and does not send it again.
export function forgetForm() {
  const from = document.documentElement.dataset.postedFrom;
  if (from) history.replaceState(history.state, "", from);
}
