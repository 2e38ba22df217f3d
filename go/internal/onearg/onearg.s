// Empty: with an assembly file in its package, a function may be declared without a body.
