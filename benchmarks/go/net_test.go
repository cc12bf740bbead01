package benchmarks

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestNetServer is the server of the group net, for NetLoad in Java: NET_SERVER is "echo" and how many bytes it reads at
// once, or "http". It prints its port, for each line on standard input its resident memory, and ends with the input.
func TestNetServer(t *testing.T) {
	config := strings.Fields(os.Getenv("NET_SERVER"))
	if len(config) == 0 {
		t.Skip("a server only if NET_SERVER says which")
	}
	listener, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	switch config[0] {
	case "echo":
		size, err := strconv.Atoi(config[1])
		if err != nil {
			t.Fatal(err)
		}
		go serveEcho(listener, size)
	case "http":
		hello := []byte("Hello, World!\n")
		go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Write(hello)
		}))
	default:
		t.Fatal(config)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	commands := bufio.NewReader(os.Stdin)
	for {
		if _, err := commands.ReadString('\n'); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		fmt.Println(settledRSS(t))
	}
}

func serveEcho(listener net.Listener, size int) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			buffer := make([]byte, size)
			for {
				n, err := conn.Read(buffer)
				if err != nil {
					return
				}
				if _, err := conn.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}
