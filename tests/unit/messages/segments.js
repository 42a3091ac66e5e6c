// Twilio's own calculator: one JSON string a line in, "ENCODING SEGMENTS" a line out.
"use strict";

const { SegmentedMessage } = require("sms-segments-calculator");

require("node:readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const made = new SegmentedMessage(JSON.parse(line), "auto");
    console.log(made.encodingName, made.segmentsCount);
  });
