#!/usr/bin/env node
// Makes api/console/static/js/pictures/country_middles.json anew: where a map puts a site that is known by its country
// alone. The middle of each country's largest part, from Natural Earth's public-domain data at 1:110,000,000.
//
//     npm install --prefix FOLDER world-atlas && node .ci/country_middles.cjs FOLDER
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { runInThisContext } = require("node:vm");

const STATIC = join(__dirname, "../api/console/static");
const OUT = join(STATIC, "js/pictures/country_middles.json");

// Natural Earth's short names where CLDR has another one; what has no code of its own is left out.
const SHORT = {
  "Bosnia and Herz.": "BA", "Central African Rep.": "CF", "Congo": "CG", "Côte d'Ivoire": "CI", "Dem. Rep. Congo": "CD",
  "Dominican Rep.": "DO", "Eq. Guinea": "GQ", "Falkland Is.": "FK", "Fr. S. Antarctic Lands": "TF", "Macedonia": "MK",
  "Myanmar": "MM", "Palestine": "PS", "S. Sudan": "SS", "Solomon Is.": "SB", "Trinidad and Tobago": "TT", "Turkey": "TR",
  "United States of America": "US", "W. Sahara": "EH",
};

function codes() {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  const found = new Map(Object.entries(SHORT));
  for (let first = 65; first <= 90; first++) {
    for (let second = 65; second <= 90; second++) {
      const code = String.fromCharCode(first, second);
      // Codes out of use (DD, YD) have the name of what came after.
      const current = new Intl.Locale(`und-${code}`).region === code;
      if (current && names.of(code) !== code && !found.has(names.of(code))) found.set(names.of(code), code);
    }
  }
  return found;
}

function main() {
  for (const name of ["d3-array", "d3-geo", "topojson-client"]) {
    runInThisContext(readFileSync(join(STATIC, `vendor/${name}/${name}.min.js`), "utf8"));
  }
  const { d3: { geoArea, geoCentroid }, topojson } = globalThis;
  const atlas = JSON.parse(readFileSync(join(process.argv[2], "node_modules/world-atlas/countries-110m.json"), "utf8"));
  const known = codes();
  const middles = {};
  for (const { properties, geometry } of topojson.feature(atlas, atlas.objects.countries).features) {
    const code = known.get(properties.name);
    if (!code) continue;
    const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const polygons = parts.map((coordinates) => ({ type: "Polygon", coordinates }));
    const largest = polygons.reduce((one, other) => (geoArea(other) > geoArea(one) ? other : one));
    middles[code] = geoCentroid(largest).map((degrees) => Number(degrees.toFixed(1)));
  }
  const rows = Object.keys(middles).sort().map((code) => `    "${code}": [${middles[code].join(", ")}]`);
  const source = "Middles (longitude, latitude) of each country's largest part; computed by .ci/country_middles.cjs from Natural Earth, public domain.";
  writeFileSync(OUT, `{\n  "source": "${source}",\n  "middles": {\n${rows.join(",\n")}\n  }\n}\n`);
}

main();
