/** Stands in a build for packages that are asked for and not used (scripts/bundle.ts). */
export {};
