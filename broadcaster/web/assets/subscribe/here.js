// Asks the browser where it is, when its person presses the button, and sends that like a typed point.
"use strict";
(() => {
  const [locate, point, find, none] = ["locate", "point", "find", "no-place"].map((id) => document.getElementById(id));
  if (!locate || !("geolocation" in navigator)) return;
  locate.hidden = false;
  locate.addEventListener("click", () => {
    none.hidden = true;
    locate.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        point.value = `${coords.latitude.toFixed(4)}, ${coords.longitude.toFixed(4)}`;
        find.click();
      },
      () => {
        locate.disabled = false;
        none.hidden = false;
      },
      { timeout: 15000, maximumAge: 60000 },
    );
  });
})();
