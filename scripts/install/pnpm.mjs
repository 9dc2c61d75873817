import { spawn, spawnSync } from 'node:child_process'

const installArgs = ['install', '--frozen-lockfile', '--prod=false', '--config.confirm-modules-purge=false']
const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
const onWindows = process.platform === 'win32' // npx and pnpm are .cmd files there, which only a shell starts

/** npm's settings that pnpm should share: how the registry is reached. Every other one is meant for npm alone. */
const sharedSetting =
  /^npm_config_(registry|proxy|https?_proxy|no_?proxy|cafile|ca|cert|key|strict_ssl|userconfig|globalconfig|cache|\/\/.*|@.*)$/i
const npmVariable = /^(npm_|INIT_CWD$|NODE_ENV$)/i

/**
 * The environment for pnpm: without what `npm start` adds (under npm's settings pnpm may leave packages out), and
 * without NODE_ENV, which may leave out the tools that run the program from source.
 */
export function pnpmEnvironment(environment) {
  const kept = Object.entries(environment).filter(([name]) => !npmVariable.test(name) || sharedSetting.test(name))
  return Object.fromEntries(kept)
}

function pnpm12IsOnPath(env) {
  const version = spawnSync('pnpm', ['--version'], { env, encoding: 'utf8', shell: onWindows })
  return version.status === 0 && version.stdout.trim().startsWith('12.')
}

/** The pnpm 12 on the PATH, or one that npx fetches: corepack of Node.js 20 refuses its signature. */
function pnpmCommand(env) {
  if (pnpm12IsOnPath(env)) return ['pnpm', installArgs]
  return ['npx', ['--yes', '--prefer-offline', ...patience, 'pnpm@12', ...installArgs]]
}

const outdated = /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH/
const unreachable =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|META_FETCH_FAIL|fetch failed/

function sentenceFor(command, { code, output }) {
  const failed = 'The dependencies could not be installed'
  if (code === 'ENOENT') return `${failed}: ${command} was not found; it comes with Node.js and must be on the PATH.`
  if (outdated.test(output)) {
    return `${failed}: a package.json and pnpm-lock.yaml disagree. Run "npx pnpm@12 install" and commit pnpm-lock.yaml.`
  }
  if (unreachable.test(output)) {
    return `${failed}: the package registry could not be reached. Go online once; later starts need no network.`
  }
  return `${failed}: ${command} ended with ${code}, and what it said stands above.`
}

/** Runs to the end; what it prints goes to stderr as it comes, and is returned. */
function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], shell: onWindows })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        process.stderr.write(text)
      })
    }
    child.on('error', (error) => resolve({ code: error.code, output }))
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }))
  })
}

/** Installs what the lockfile says; returns what went wrong as a sentence with the cure, undefined when all is well. */
export async function installWithPnpm(root) {
  const env = pnpmEnvironment(process.env)
  const [command, args] = pnpmCommand(env)
  process.stderr.write(`Installing what pnpm-lock.yaml lists, with ${command}; later starts skip this.\n`)
  const result = await run(command, args, { cwd: root, env })
  return result.code === 0 ? undefined : sentenceFor(command, result)
}
