// A back end in 30 lines: gives tokens (POST /login) and speaks in rooms itself (POST /say). See README.md beside it.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { SECRET_FILE, UPROAR_URL, API_KEY, PORT } = process.env
const secret = readFileSync(SECRET_FILE, 'utf8').trim() // the same file as in uproar --token-keys HS256:FILE
const letters = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(user, seconds = 3600) {
  const exp = Math.floor(Date.now() / 1000) + seconds
  const claims = { sub: user, exp, rooms: { news: ['read', 'history'], '*': 'member' } }
  const text = `${letters({ alg: 'HS256', typ: 'JWT' })}.${letters(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

async function publish(room, data) {
  const headers = { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ room, data, user: 'newsroom' })
  const answer = await fetch(`${UPROAR_URL}/api/v1/publish`, { method: 'POST', headers, body })
  return answer.json()
}

createServer(async (request, response) => {
  let text = ''
  for await (const part of request) text += part
  const asked = JSON.parse(text)
  // Here you look at your session cookie or password: whoever reaches this line gets the token of that user.
  const given = request.url === '/login' ? { token: token(asked.user) } : await publish(asked.room, asked.data)
  response.end(JSON.stringify(given))
}).listen(PORT, '127.0.0.1')
