// ws-hub.mjs PORT [broadcast|echo] - a hub on `ws`: a path is a room, and what is sent there goes to all in it,
// the sender too. Who connects to /pub and a path sends there and is sent nothing. The frame is made once for all,
// the way socket.io hands prepared frames to `ws`.
import { createServer } from 'node:http';
import { WebSocketServer, Sender } from 'ws';

const [port, mode] = process.argv.slice(2);
const server = createServer();
const hub = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false, maxPayload: 65536 });
const rooms = new Map();

const broadcast = (room, data, binary) => {
	const frame = Sender.frame(data, { fin: true, rsv1: false, opcode: binary ? 2 : 1, mask: false, readOnly: false });
	for (const member of room) if (member.readyState === 1) member._sender.sendFrame(frame);
};

hub.on('connection', (socket, request) => {
	socket.on('error', () => {});
	if (mode === 'echo') {
		socket.on('message', (data, binary) => socket.send(data, { binary }));
		return;
	}
	const outside = /^\/pub(?=\/|$)/.test(request.url);
	const path = (outside ? request.url.slice(4) : request.url) || '/';
	if (outside) {
		socket.on('message', (data, binary) => broadcast(rooms.get(path) ?? [], data, binary));
		return;
	}
	let room = rooms.get(path);
	if (room === undefined) rooms.set(path, (room = new Set()));
	room.add(socket);
	socket.on('message', (data, binary) => broadcast(room, data, binary));
	socket.on('close', () => {
		room.delete(socket);
		if (room.size === 0 && rooms.get(path) === room) rooms.delete(path);
	});
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
