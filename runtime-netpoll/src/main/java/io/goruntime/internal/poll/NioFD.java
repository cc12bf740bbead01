package io.goruntime.internal.poll;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A channel of the JDK in the role of a socket.
 */
/*
 * The JDK has different channels for connecting and for listening. A stream socket begins as the former; listen puts the
 * latter in its place, with the same address and options. A bind of the unix family waits until it is known which.
 */
final class NioFD extends NetFD {
    private final NioPoll poll;
    private final ProtocolFamily family;

    /** SocketChannel, ServerSocketChannel or DatagramChannel. Replaced by listen, with the read and the write lock. */
    private volatile SelectableChannel channel;

    /** Of the channel, when it has begun to connect or to listen. */
    private volatile @Nullable SelectionKey key;

    private volatile boolean connecting;
    private volatile @Nullable SocketAddress bindLater;

    /** What was set, for listen to set it again. */
    private final Map<SocketOption<?>, Object> options = new ConcurrentHashMap<>();

    private NioFD(NioPoll poll, ProtocolFamily family, SelectableChannel channel) throws IOException {
        super(poll);
        this.poll = poll;
        this.family = family;
        this.channel = channel;
    }

    static NioFD stream(NioPoll poll, ProtocolFamily family) throws IOException {
        try {
            return of(poll, family, SocketChannel.open(family), false);
        } catch (UnsupportedOperationException e) {
            throw noFamily(family, e);
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        }
    }

    static NioFD datagram(NioPoll poll, ProtocolFamily family) throws IOException {
        try {
            return of(poll, family, DatagramChannel.open(family), true);
        } catch (UnsupportedOperationException e) {
            throw noFamily(family, e);
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        }
    }

    /** An internet family may be missing on a system, or be switched off: the answer is that of the system. */
    private static SocketException noFamily(ProtocolFamily family, UnsupportedOperationException e) {
        if (family != StandardProtocolFamily.INET && family != StandardProtocolFamily.INET6) {
            throw e;
        }
        SocketException failure = new SocketException("address family not supported by protocol");
        failure.initCause(e);
        return failure;
    }

    private static NioFD of(NioPoll poll, ProtocolFamily family, SelectableChannel channel, boolean register)
            throws IOException {
        NioFD fd;
        try {
            channel.configureBlocking(false);
            fd = new NioFD(poll, family, channel);
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
        fd.open(register);
        return fd;
    }

    @Override
    void register() throws IOException {
        key = poll.register(channel, pd);
    }

    /** Somebody waits. */
    void arm(boolean write) {
        SelectionKey k = key;
        if (k == null) {
            return;
        }
        try {
            k.interestOpsOr(write
                    ? connecting ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE
                    : channel instanceof ServerSocketChannel ? SelectionKey.OP_ACCEPT : SelectionKey.OP_READ);
        } catch (CancelledKeyException e) {
            // The poller is closed, and has closed this socket before.
        }
    }

    @Override
    void destroy() {
        try {
            channel.close();
        } catch (IOException e) {
            // it is gone all the same
        }
        poll.flush(channel);
        poll.cache.free(pd);
    }

    // -- stream sockets --

    private SocketChannel connection() throws SocketException {
        if (channel instanceof SocketChannel connection && connection.isConnected()) {
            return connection;
        }
        throw new SocketException("transport endpoint is not connected");
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        return read(ByteBuffer.wrap(b, off, len));
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        return (int) read(new ByteBuffer[]{dst}, 0, 1);
    }

    @Override
    public long read(ByteBuffer[] dsts, int off, int len) throws IOException {
        enterRead();
        try {
            Failures.check(pd.read.prepare());
            SocketChannel connection = connection();
            long room = 0;
            for (int i = off; i < off + len; i++) {
                room += dsts[i].remaining();
            }
            for (;;) {
                long n = connection.read(dsts, off, len);
                if (n != 0 || room == 0) {
                    return n;
                }
                Failures.check(pd.read.await());
            }
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveRead();
        }
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        write(ByteBuffer.wrap(b, off, len));
    }

    @Override
    public void write(ByteBuffer src) throws IOException {
        write(new ByteBuffer[]{src}, 0, 1);
    }

    @Override
    public void write(ByteBuffer[] srcs, int off, int len) throws IOException {
        enterWrite();
        long done = 0;
        try {
            Failures.check(pd.write.prepare());
            SocketChannel connection = connection();
            int end = off + len;
            for (int first = off; first < end;) {
                if (!srcs[first].hasRemaining()) {
                    first++;
                    continue;
                }
                long n = connection.write(srcs, first, end - first);
                done += n;
                if (n == 0) {
                    Failures.check(pd.write.await());
                }
            }
        } catch (InterruptedIOException e) {
            e.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
            throw e;
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveWrite();
        }
    }

    @Override
    public long sendFile(FileChannel file, long position, long count) throws IOException {
        enterWrite();
        long done = 0;
        try {
            Failures.check(pd.write.prepare());
            SocketChannel connection = connection();
            while (done < count) {
                Failures.checkInterrupt(); // else the call closes the file
                long n = file.transferTo(position + done, count - done, connection);
                done += n;
                if (n == 0) {
                    if (position + done >= file.size()) {
                        break;
                    }
                    Failures.check(pd.write.await());
                }
            }
            return done;
        } catch (InterruptedIOException | ClosedByInterruptException e) {
            throw Failures.cut(e, done);
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveWrite();
        }
    }

    @Override
    public void connect(SocketAddress address) throws IOException {
        enterWrite();
        try {
            Failures.check(pd.write.prepare());
            checkFamily(address);
            if (channel instanceof DatagramChannel datagrams) {
                datagrams.connect(address);
            } else {
                connectStream((SocketChannel) channel, address);
            }
            remote = address;
            local = null;
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveWrite();
        }
    }

    private void connectStream(SocketChannel connection, SocketAddress address) throws IOException {
        bindNow(connection);
        connecting = true;
        register();
        try {
            boolean done = connection.connect(address);
            while (!done) {
                Failures.check(pd.write.await());
                done = connection.finishConnect();
            }
        } finally {
            connecting = false;
        }
    }

    /** Refuses what Sockaddr.write refuses, and in the same way; the JDK's exceptions for it are unchecked. */
    private void checkFamily(SocketAddress address) throws SocketException {
        if (family == StandardProtocolFamily.UNIX) {
            if (!(address instanceof UnixDomainSocketAddress)) {
                throw new SocketException("not an address of a unix socket: " + address);
            }
            return;
        }
        if (!(address instanceof InetSocketAddress inet)) {
            throw new SocketException("not an internet address: " + address);
        }
        InetAddress host = inet.getAddress();
        if (host == null) {
            throw new SocketException("unresolved address: " + address);
        }
        if (family == StandardProtocolFamily.INET && !(host instanceof Inet4Address)) {
            throw new SocketException("not an IPv4 address: " + address);
        }
    }

    private void bindNow(NetworkChannel to) throws IOException {
        SocketAddress address = bindLater;
        if (address != null) {
            to.bind(address);
            bindLater = null;
        }
    }

    @Override
    public void shutdownWrite() throws IOException {
        enter();
        try {
            connection().shutdownOutput();
        } finally {
            leave();
        }
    }

    @Override
    public void shutdownRead() throws IOException {
        enter();
        try {
            connection().shutdownInput();
            pd.readEnded();
        } finally {
            leave();
        }
    }

    // -- sockets that listen --

    @Override
    public void listen(int backlog) throws IOException {
        enterRead();
        try {
            enterWrite();
            try {
                SelectableChannel old = channel;
                SocketAddress address = bindLater != null ? bindLater : ((SocketChannel) old).getLocalAddress();
                bindLater = null;
                ServerSocketChannel listener = ServerSocketChannel.open(family);
                try {
                    listener.configureBlocking(false);
                    for (Map.Entry<SocketOption<?>, Object> each : options.entrySet()) {
                        if (listener.supportedOptions().contains(each.getKey())) {
                            set(listener, each.getKey(), each.getValue());
                        }
                    }
                    old.close(); // its address is needed
                    listener.bind(address, backlog);
                } catch (Throwable e) {
                    listener.close();
                    throw e;
                }
                channel = listener;
                local = null;
                register();
            } catch (IOException e) {
                throw Failures.ofJdk(e);
            } finally {
                leaveWrite();
            }
        } finally {
            leaveRead();
        }
    }

    @Override
    public NetFD accept() throws IOException {
        enterRead();
        try {
            Failures.check(pd.read.prepare());
            if (!(channel instanceof ServerSocketChannel listener)) {
                throw new SocketException("invalid argument");
            }
            for (;;) {
                SocketChannel child = listener.accept();
                if (child != null) {
                    NioFD fd = of(poll, family, child, true);
                    fd.remote = child.getRemoteAddress();
                    fd.localAddress(); // asked for now, it is known for ever
                    return fd;
                }
                Failures.check(pd.read.await());
            }
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveRead();
        }
    }

    // -- datagram sockets --

    @Override
    public SocketAddress receive(ByteBuffer dst) throws IOException {
        enterRead();
        try {
            Failures.check(pd.read.prepare());
            for (;;) {
                SocketAddress from = ((DatagramChannel) channel).receive(dst);
                if (from != null) {
                    return from;
                }
                Failures.check(pd.read.await());
            }
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveRead();
        }
    }

    @Override
    public int send(ByteBuffer src, @Nullable SocketAddress to) throws IOException {
        enterWrite();
        try {
            Failures.check(pd.write.prepare());
            DatagramChannel datagrams = (DatagramChannel) channel;
            if (to == null && !datagrams.isConnected()) {
                throw new SocketException("destination address required");
            }
            if (to != null) {
                checkFamily(to);
            }
            int size = src.remaining();
            for (;;) {
                int n = to == null ? datagrams.write(src) : datagrams.send(src, to);
                if (n > 0 || size == 0) {
                    return n;
                }
                Failures.check(pd.write.await());
            }
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveWrite();
        }
    }

    // -- all --

    @Override
    public void bind(@Nullable SocketAddress address) throws IOException {
        enterWrite();
        try {
            if (family == StandardProtocolFamily.UNIX) {
                bindLater = address;
            } else {
                ((NetworkChannel) channel).bind(address);
            }
            local = null;
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leaveWrite();
        }
    }

    @Override
    @Nullable
    SocketAddress findLocalAddress() {
        try {
            return ((NetworkChannel) channel).getLocalAddress();
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        enter();
        try {
            set((NetworkChannel) channel, option, value);
            options.put(option, value);
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leave();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> void set(NetworkChannel to, SocketOption<T> option, Object value) throws IOException {
        to.setOption(option, (T) value);
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        enter();
        try {
            return ((NetworkChannel) channel).getOption(option);
        } catch (IOException e) {
            throw Failures.ofJdk(e);
        } finally {
            leave();
        }
    }

    @Override
    public String toString() {
        return channel.toString();
    }
}
