// What every page has.
import { startClock } from "./clock.js";
import { startCopying } from "./copying.js";
import { startKeyboard } from "./keyboard.js";
import { startLive } from "./live.js";
import { showLocalTimes } from "./local_times.js";
import { comeBack } from "./coming_back.js";
import { forgetForm } from "./posted.js";
import { startThemes } from "./themes.js";

forgetForm();
startThemes();
startClock();
startCopying();
startKeyboard();
startLive();
showLocalTimes();
comeBack();
