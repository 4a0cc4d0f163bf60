export declare const MEANINGS: Readonly<Record<string, string>>;
