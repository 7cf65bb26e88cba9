// socketio-server.mjs PORT [broadcast|echo] - rooms on socket.io. "join" ROOM enters one (and is acknowledged where
// that is asked for); "message" ROOM DATA goes to all in it, the sender too, as "message" ROOM DATA.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const [port, mode] = process.argv.slice(2);
const server = createServer();
const io = new Server(server, {
	transports: ['websocket'], perMessageDeflate: false, httpCompression: false, serveClient: false,
	pingInterval: 3600000, pingTimeout: 3600000, connectTimeout: 60000, maxHttpBufferSize: 65536,
});

io.on('connection', (socket) => {
	socket.on('join', (room, done) => {
		socket.join(room);
		if (typeof done === 'function') done();
	});
	socket.on('message', mode === 'echo'
		? (room, data, done) => {
			socket.emit('message', room, data);
			if (typeof done === 'function') done();
		}
		: (room, data, done) => {
			io.to(room).emit('message', room, data);
			if (typeof done === 'function') done();
		});
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
