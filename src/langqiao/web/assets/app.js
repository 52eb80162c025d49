import "htmx.org/dist/htmx.esm.js";
import { startSearch } from "./search.js";
import { startLists } from "./lists.js";
import { startDialogs } from "./dialogs.js";
import { startDrafts } from "./drafts.js";
import { startFrame } from "./frame.js";
import { startCounting } from "./counting.js";
import { startChains } from "./chains.js";
import { startChoosing } from "./choosing.js";
import { startLive } from "./live.js";

startFrame();
startSearch();
startLists();
startDrafts(); // before the dialogs: signing out may have to be asked about
startDialogs();
startCounting();
startChains();
startChoosing();
startLive();
