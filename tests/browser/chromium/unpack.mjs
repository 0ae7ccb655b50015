// Unpacks the browser of the npm package, with the libraries it needs on a bare system, into the folder named
// by TMPDIR, and prints the path of the program.
process.env.VERCEL = "1"; // one of the places for which the package unpacks those libraries too
const { default: chromium } = await import("@sparticuz/chromium");
console.log(await chromium.executablePath());
