// The menu of themes; theme.js applies what is chosen.
export function startThemes() {
  const buttons = [...document.querySelectorAll("[data-set-theme]")];
  const mark = () => {
    const theme = document.documentElement.dataset.theme;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const detail = button.dataset.setTheme;
      document.dispatchEvent(new CustomEvent("theme:set", { detail }));
      mark();
      button.closest("[popover]")?.hidePopover();
    });
  }
  mark();
}
