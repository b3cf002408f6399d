export function seriesName(metric: string, labels: Readonly<Record<string, string>>): string;
export function isNear(a: number, b: number): boolean;
