/** What random tests draw from: the same in each run, unless the environment names another. fast-check prints it. */
export const seed = Number(process.env.APSARAMQ_FUZZ_SEED ?? 20_261_124)
