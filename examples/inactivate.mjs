import { readFileSync } from 'node:fs'
import RPCClient from '@alicloud/pop-core'
import mqtt from 'mqtt'

const at = JSON.parse(readFileSync('.apsaramq/endpoints.json', 'utf8')) // written by npm start
const device = JSON.parse(readFileSync('.apsaramq/device.json', 'utf8')) // written by device create
const certificate = { MqttInstanceId: at.instanceId, DeviceSn: device.deviceSn, CaSn: device.caSn }
const onsmqtt = new RPCClient({ ...at, endpoint: at.api, apiVersion: '2020-04-20' })
const client = mqtt.connect(at.mqtts, { ...device, ca: readFileSync(at.caFile) })

client.once('connect', () => onsmqtt.request('InactivateDeviceCertificate', certificate))
client.once('close', () => console.log('the live connection was ended'))
client.once('reconnect', () => client.once('close', () => client.end(() => console.log('the next one was refused'))))
