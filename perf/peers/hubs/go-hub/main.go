// main.go - go-hub PORT [broadcast|echo]: a hub on gorilla/websocket. A path is a room, and what is sent there goes to
// all in it, the sender too; who connects to /pub and a path sends there and is sent nothing. Two goroutines a
// connection, a channel between them, and a prepared message: its chat example, made faster the usual way.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan *websocket.PreparedMessage
}

type room struct {
	sync.Mutex
	members map[*client]struct{}
}

var (
	rooms    sync.Map // path to *room
	upgrader = websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 1024,
		CheckOrigin: func(*http.Request) bool { return true },
	}
)

func (c *client) writePump() {
	defer c.conn.Close()
	for message := range c.send {
		if c.conn.WritePreparedMessage(message) != nil {
			return
		}
	}
}

func (r *room) broadcast(kind int, data []byte) {
	message, err := websocket.NewPreparedMessage(kind, data)
	if err != nil {
		return
	}
	r.Lock()
	defer r.Unlock()
	for c := range r.members {
		select {
		case c.send <- message:
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
	conn.SetReadLimit(65536)
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
		c := &client{conn: conn, send: make(chan *websocket.PreparedMessage, 1024)}
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
	conn.SetReadLimit(65536)
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
