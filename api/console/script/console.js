// The console works without this script. The script adds a keyboard, and parts of its own beside
// it: one file each, imported here.
import './keys.js';
import './upload.js';
import './review.js';
import './live.js';
