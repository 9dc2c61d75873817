/** Flags that let every listener take a free port. */
export const anyPorts = ['--api-port', '0', '--api-tls-port', '0', '--mqtts-port', '0', '--management-port', '0']
