/** Whether the day at the head of an ISO time exists: Date takes 30 February for 2 March. @param text `YYYY-MM-DD…` */
export function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  const at_ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at_ms) && new Date(at_ms).toISOString().startsWith(day);
}
