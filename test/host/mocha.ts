import imported from 'mocha';

/** `require('mocha')` is the class on Node 24, but a namespace with the class as its default on Node 22. */
const namespace: typeof imported & { readonly default?: typeof imported } = imported;

export const Mocha = namespace.default ?? namespace;
