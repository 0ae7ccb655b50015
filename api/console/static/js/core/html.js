// The view library under the names that the console uses.
export { html, render } from "htm/preact";
export { Fragment, createRef } from "preact";
export { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
