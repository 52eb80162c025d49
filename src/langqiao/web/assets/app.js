import "htmx.org/dist/htmx.esm.js";
import { startSearch } from "./search.js";
import { startLists } from "./lists.js";
import { startDialogs } from "./dialogs.js";
import { startFrame } from "./frame.js";

startFrame();
startSearch();
startLists();
startDialogs();
