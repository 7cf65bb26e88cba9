// main.go - go-hub PORT [broadcast|echo]: a hub on gorilla/websocket. A path is a room, and what is sent there goes to
// all in it, the sender too; who connects to /pub and a path sends there and is sent nothing. Two goroutines a
// connection and a channel between them, as in its chat example. Made faster: a frame is made once for all, and what
// has queued up for a connection leaves in one writev (the example puts it into one message, which changes it).
package main

import (
	"encoding/binary"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

const together = 64 // frames in one write

type client struct {
	conn *websocket.Conn
	send chan []byte // whole frames
}

type room struct {
	sync.Mutex
	members map[*client]struct{}
}

var (
	rooms    sync.Map // path to *room
	upgrader = websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true },
	}
)

func (c *client) writePump() {
	defer c.conn.Close()
	connection := c.conn.NetConn()
	var frames [together][]byte
	for frame := range c.send {
		queued := append(frames[:0], frame)
		for n := min(len(c.send), together-1); n > 0; n-- {
			if frame, more := <-c.send; more {
				queued = append(queued, frame)
			}
		}
		buffers := net.Buffers(queued)
		if _, err := buffers.WriteTo(connection); err != nil {
			return
		}
	}
}

// A server's frame, RFC 6455 section 5.2.
func frameOf(kind int, data []byte) []byte {
	frame := make([]byte, 0, len(data)+4)
	frame = append(frame, 0x80|byte(kind))
	if len(data) < 126 {
		frame = append(frame, byte(len(data)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(len(data)))
	}
	return append(frame, data...)
}

func (r *room) broadcast(kind int, data []byte) {
	frame := frameOf(kind, data)
	r.Lock()
	defer r.Unlock()
	for c := range r.members {
		select {
		case c.send <- frame:
		default: // too slow
			delete(r.members, c)
			close(c.send)
		}
	}
}

func (r *room) join(c *client) {
	r.Lock()
	defer r.Unlock()
	r.members[c] = struct{}{}
}

func (r *room) leave(c *client) {
	r.Lock()
	defer r.Unlock()
	if _, here := r.members[c]; here {
		delete(r.members, c)
		close(c.send)
	}
}

func hub(w http.ResponseWriter, request *http.Request) {
	conn, err := upgrader.Upgrade(w, request, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(65535)
	path, outside := strings.CutPrefix(request.URL.Path, "/pub")
	outside = outside && (path == "" || path[0] == '/')
	if !outside {
		path = request.URL.Path
	} else if path == "" {
		path = "/"
	}
	found, _ := rooms.LoadOrStore(path, &room{members: make(map[*client]struct{})})
	r := found.(*room)
	if outside {
		defer conn.Close()
	} else {
		c := &client{conn: conn, send: make(chan []byte, 256)}
		r.join(c)
		go c.writePump()
		defer r.leave(c)
	}
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		r.broadcast(kind, data)
	}
}

func echo(w http.ResponseWriter, request *http.Request) {
	conn, err := upgrader.Upgrade(w, request, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetReadLimit(65535)
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, data) != nil {
			return
		}
	}
}

func main() {
	handler := hub
	if len(os.Args) > 2 && os.Args[2] == "echo" {
		handler = echo
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, http.HandlerFunc(handler)))
}
