/** Gives knip's result as one JSON line, with the number of files it looked at, which its own reporters leave out. */
export default function report({
  issues,
  counters,
  configurationHints,
  write = (text) => process.stdout.write(text),
}) {
  const problems = Object.entries(issues).flatMap(([type, byFile]) =>
    Object.entries(byFile).flatMap(([file, bySymbol]) =>
      Object.values(bySymbol).map(({ symbol, line }) => ({ type, file, line, symbol })),
    ),
  );
  // A pattern that matches nothing is a rule that looks at nothing.
  const hints = configurationHints.map(({ type, identifier }) => ({
    type,
    file: "knip.json",
    symbol: String(identifier),
  }));
  write(`${JSON.stringify({ files: counters.processed, problems: [...problems, ...hints] })}\n`);
}
