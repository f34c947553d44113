// What packages.mjs gives.

export declare const packages: Readonly<Record<string, string>>;
export declare function setup(): void;
export declare function whyMissing(...commands: readonly string[]): string | undefined;
